// SPDX-License-Identifier: Apache-2.0

// Carries out the steps of a plan, in the forked child that becomes PID 1 of the sandbox.
//
// The child is a copy of a process that may have had other threads. So nothing here allocates,
// locks or throws: it uses system calls and the plan's own strings only. A failure is the number of
// a step and an errno.
#pragma once

#include "sim/sandbox/sandbox_plan.h"

namespace glovebox::sandbox {

struct BuildResult {
    int failed_step = -1;  // index into the steps; -1: none
    int error = 0;         // errno; 0: built
    int bound_step = -1;  // the last step whose mount failed and was bound instead (Step::or_bound)
};

// Runs in the new namespaces, in any working directory, and leaves it at "/" of the new root.
// `outer_socket` leads to the outer process, which locks the mounts (outer_process.h).
// Async-signal-safe.
[[nodiscard]] BuildResult build_sandbox(const std::vector<Step>& steps, int outer_socket) noexcept;

}  // namespace glovebox::sandbox
