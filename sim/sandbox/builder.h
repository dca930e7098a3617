// SPDX-License-Identifier: Apache-2.0

// Carries out a plan's steps, in the forked child that will be PID 1 of the sandbox.
//
// The child is a copy of a process that may have had other threads, so nothing here allocates,
// locks or throws: system calls and the plan's own strings only. A failure is a step's number and
// errno.
#pragma once

#include "sim/sandbox/sandbox_plan.h"

namespace glovebox::sandbox {

struct BuildFailure {
    int step = -1;  // index into the steps; -1 for none
    int error = 0;  // errno
    explicit operator bool() const { return error != 0; }
};

// Runs in the new namespaces, with the working directory anywhere; leaves it at "/" of the new
// root. `outer_socket` leads to the outer process, which locks the mounts (outer_process.h).
// Async-signal-safe.
[[nodiscard]] BuildFailure build_room(const std::vector<Step>& steps, int outer_socket) noexcept;

}  // namespace glovebox::sandbox
