// SPDX-License-Identifier: Apache-2.0

// How an enclave's program is kept apart from this machine: --isolation, --rootfs, --mount, --env,
// --memory, --cpus.
#pragma once

#include "sim/cli/commands.h"
#include "sim/enclave/room_request.h"

namespace glovebox::cli {

[[nodiscard]] Options room_options();
[[nodiscard]] enclave::RoomSettings read_room_settings(const Values& values);

}  // namespace glovebox::cli
