// SPDX-License-Identifier: Apache-2.0

// A filter of this process's own system calls (seccomp), for a process that has all that it needs:
// what it forbids is refused with EPERM from then on, to the process and to all that it starts.
#pragma once

#include <initializer_list>
#include <memory>

#include "core/base/error.h"

namespace glovebox::core {

class CallFilter {
  public:
    // Whose calls are filtered: those of the calling thread and of threads that it starts, or
    // those of every thread of the process.
    enum class Threads { callers, all };

    // A sanitizer's runtime looks into its own process from another one, and starts a program
    // that finds the names for a report: such a build is not confined.
    static constexpr bool is_sanitized =
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
        true;
#else
        false;
#endif

    // Forbids what no process of Glovebox needs once it has started: new namespaces, the kernel's
    // modules, clocks and names, keys (keyrings(7)), input for a terminal, and interfaces with a
    // history of holes, as io_uring and bpf. clone3 is ENOSYS, since its flags lie in memory; the C
    // library then uses clone.
    CallFilter();

    // Numbers of <seccomp.h>; one that this architecture lacks is passed over.
    void forbid(std::initializer_list<int> calls);
    void forbid_programs();   // execve, execveat
    void forbid_processes();  // forks; threads can be started
    void forbid_sockets_but_unix();

    // For the rest of the process's life. Sets no_new_privs, for the same threads. Errors: EINVAL,
    // ENOSYS or EOPNOTSUPP where the kernel has no seccomp; these, EPERM or EACCES where a
    // container forbids it; ESRCH where one of all threads has a filter of its own.
    [[nodiscard]] Result<void> install(Threads threads);

  private:
    template <class... When>
    void add(std::uint32_t action, int call, When... when);
    void set(int attribute, std::uint32_t value);

    std::unique_ptr<void, void (*)(void*)> context_;
    int failure_ = 0;  // the first one's errno
};

}  // namespace glovebox::core
