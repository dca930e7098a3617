// SPDX-License-Identifier: Apache-2.0

// A system call in a thread's place, made from its namespaces, root and working directory with all
// capabilities of its user namespace: for calls that the supervisor changes a little.
//
// A process of its own makes it, since namespaces are joined for good. In the thread's PID
// namespace it is only where that is wanted: programs there see it then, it takes one of their
// numbers, and they may stop it, but nobody can look into it, a copy of this process
// (PR_SET_DUMPABLE). It is waited for a second at most, and nothing of it stays behind then.
#pragma once

#include <sys/types.h>

#include <optional>

#include "core/base/unique_fd.h"

namespace glovebox::supervisor {

class NamespaceVisit {
  public:
    enum class Processes { supervisors, threads };  // whose PID namespace the errand is made in

    // Opens what the thread has. Nothing where it is gone.
    [[nodiscard]] static std::optional<NamespaceVisit> prepare(pid_t thread, Processes processes);

    // Calls `errand(context)` there. It returns 0 or an errno value, and makes only system calls,
    // since it runs in a copy of a process with threads. What it returned; ETIMEDOUT where it did
    // not in time, EPERM where the namespaces can't be joined.
    [[nodiscard]] int run(int (*errand)(const void*), const void* context) const;

  private:
    NamespaceVisit() = default;
    [[noreturn]] void visit(int parent, int (*errand)(const void*),
                            const void* context) const noexcept;

    UniqueFd user_;
    UniqueFd pid_;  // empty: the supervisor's
    UniqueFd mount_;
    UniqueFd root_;
    UniqueFd folder_;
};

}  // namespace glovebox::supervisor
