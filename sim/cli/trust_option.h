// SPDX-License-Identifier: Apache-2.0

// --trust-env: who is to trust the world's TLS authority.
#pragma once

#include "sim/cli/commands.h"
#include "sim/enclave/world_trust.h"

namespace glovebox::cli {

[[nodiscard]] Option trust_option();
[[nodiscard]] enclave::WorldTrust read_trust(const Values& values);

}  // namespace glovebox::cli
