// SPDX-License-Identifier: Apache-2.0

// The thread or process that a number in a system call's argument names.
#pragma once

#include <sys/types.h>

#include <optional>

namespace glovebox::supervisor {

// The process that `number` names for `caller`, by the IDs of the supervisor; 0 names the caller's
// own. Nothing where there is no such process among those that this process has started.
[[nodiscard]] std::optional<pid_t> process_named(pid_t caller, pid_t number);

// The same for a thread of the caller's own process, or another process's first thread.
[[nodiscard]] std::optional<pid_t> thread_named(pid_t caller, pid_t number);

}  // namespace glovebox::supervisor
