// SPDX-License-Identifier: Apache-2.0

// A system call in a thread's place, made from its namespaces, root and working directory with all
// capabilities of its user namespace: for calls that the supervisor changes a little.
//
// A process of its own makes it, since namespaces are joined for good. Nobody in there can look
// into that process, which is a copy of this one (PR_SET_DUMPABLE), and it is not waited for longer
// than a moment.
#pragma once

#include <sys/types.h>

#include <optional>

#include "core/base/unique_fd.h"

namespace glovebox::supervisor {

class NamespaceVisit {
  public:
    // Opens what the thread has. Nothing where it is gone.
    [[nodiscard]] static std::optional<NamespaceVisit> prepare(pid_t thread);

    // Calls `errand(context)` there. It returns 0 or an errno value, and makes only system calls,
    // since it runs in a copy of a process with threads. What it returned; ETIMEDOUT where it did
    // not in time, EPERM where the namespaces can't be joined.
    [[nodiscard]] int run(int (*errand)(const void*), const void* context) const;

  private:
    NamespaceVisit() = default;
    [[noreturn]] void visit(int (*errand)(const void*), const void* context) const noexcept;

    UniqueFd user_;
    UniqueFd pid_;
    UniqueFd mount_;
    UniqueFd root_;
    UniqueFd folder_;
};

}  // namespace glovebox::supervisor
