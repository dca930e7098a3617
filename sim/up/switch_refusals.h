// SPDX-License-Identifier: Apache-2.0

// The connections of programs in virtual machines that were refused. Their kernels tell nobody; the
// switch between the machines sees them (sim/vsock_switch).
#pragma once

#include <optional>

#include "sim/up/timeline.h"
#include "sim/up/world_parts.h"

namespace glovebox::up {

// The switch's entry of event "refused" as one of the program's part, as it is in the simulation.
// Nothing for a connection of a forward, which has it in its own log, and for the channels between
// Glovebox's own programs.
[[nodiscard]] std::optional<TimelineEntry> refusal_of_program(const TimelineEntry& of_switch,
                                                              const WorldFile& world);

}  // namespace glovebox::up
