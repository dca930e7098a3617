// SPDX-License-Identifier: Apache-2.0

// For tests: work in a network namespace of its own, so that this machine's is never touched.
#pragma once

#include <gtest/gtest.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>

namespace glovebox::core {

inline constexpr int exit_no_namespace = 77;

// The exit status of `work` in a child with a user and a network namespace of its own.
inline int in_fresh_network(const std::function<int()>& work) {
    const pid_t child = ::fork();
    if (child == 0) {
        const int flags = ::geteuid() == 0 ? CLONE_NEWNET : CLONE_NEWUSER | CLONE_NEWNET;
        ::_exit(::unshare(flags) == 0 ? work() : exit_no_namespace);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

// Takes every capability from the calling thread. A user namespace would do so too, but needs a
// process with one thread (unshare(2), EINVAL), and the thread sanitizer adds another.
inline bool give_up_capabilities() {
    __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
    const __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {};
    return ::syscall(SYS_capset, &header, none) == 0;
}

}  // namespace glovebox::core

#define SKIP_WITHOUT_NAMESPACES(status)                  \
    if ((status) == ::glovebox::core::exit_no_namespace) \
    GTEST_SKIP() << "this user may not make network namespaces on this host"
