// SPDX-License-Identifier: Apache-2.0

// The faults that a world has by itself, as its file says them.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "core/fault/fault.h"
#include "sim/up/key.h"

namespace glovebox::up {

// A fault that the world has by itself.
struct PlannedFault {
    std::string words;  // as `glovebox fault` takes them
    std::string at;     // a duration; empty for none
    // The same as values: after the world is ready.
    fault::Fault fault;
    std::chrono::milliseconds moment{};
};

// Whether connections have faults (glovebox fault), and those that come by themselves.
struct FaultPlan {
    bool is_on = false;
    std::vector<PlannedFault> faults;
};

// The keys of one of the list.
[[nodiscard]] const std::vector<Key<PlannedFault>>& planned_fault_keys();

}  // namespace glovebox::up
