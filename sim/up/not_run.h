// SPDX-License-Identifier: Apache-2.0

// What a world asks for and the place where it runs does not have. A run that lacks something has
// not passed, even if nothing in it failed: its exit status is exit_not_run.
#pragma once

#include <boost/json/array.hpp>
#include <string>
#include <vector>

#include "sim/up/timeline.h"

namespace glovebox::up {

// As automake, Meson and CTest have it for a test that was skipped.
inline constexpr int exit_not_run = 77;

struct NotRun {
    std::string part;  // its label; empty for the whole world
    std::string what;  // in the words of the world file: "faults", "isolation"
    std::string why;   // a clause: "an enclave on Nitro is a virtual machine of its own"

    bool operator==(const NotRun&) const = default;
};

// "app: isolation: not run, because an enclave on Nitro is a virtual machine of its own".
[[nodiscard]] std::string sentence_of(const NotRun& one);
[[nodiscard]] TimelineEntry entry_of(const NotRun& one);
// {"part": "app", "what": "isolation", "why": "..."} each, in this order.
[[nodiscard]] boost::json::array to_json(const std::vector<NotRun>& all);

}  // namespace glovebox::up
