// SPDX-License-Identifier: Apache-2.0

// --world NAME, --cid N and --transport auto|unix|vsock: which machine a subcommand speaks from,
// and through what.
#pragma once

#include "sim/cli/commands.h"
#include "transports/transport_choice.h"

namespace glovebox::cli {

[[nodiscard]] Options transport_options();
[[nodiscard]] transports::TransportChoice transport_choice(const Values& values);

}  // namespace glovebox::cli
