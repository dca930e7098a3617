// SPDX-License-Identifier: Apache-2.0

// What of a world virtual machines (machines.h) cannot run.
#pragma once

#include <string_view>
#include <vector>

#include "sim/up/not_run.h"
#include "sim/up/world_parts.h"

namespace glovebox::up {

// Takes out of the world what virtual machines cannot run, and returns that. A proxy's target
// beyond this machine stays, and is refused when a program asks for it.
[[nodiscard]] std::vector<NotRun> limit_to_machines(WorldFile& world);

// What nobody observes there (event_kinds.h).
[[nodiscard]] std::vector<std::string_view> not_observed_in_machines();

}  // namespace glovebox::up
