// SPDX-License-Identifier: Apache-2.0

// Faults drawn at random (`glovebox up --chaos SEED`).
#pragma once

#include <cstdint>
#include <vector>

#include "sim/up/world_parts.h"

namespace glovebox::up {

// Three to eight faults of what this world has, all of which are set before the command starts. The
// same seed and the same parts have the same faults.
//
// What they strike is counted in bytes, connections and requests, and not in time, so that a
// program that does the same again meets the same faults. None of them lasts for ever or takes an
// enclave away: no stall, pause or kill, and no wrong clock. Empty for a world without anything
// that can fail.
[[nodiscard]] std::vector<PlannedFault> draw_faults(std::uint64_t seed, const WorldFile& world);

}  // namespace glovebox::up
