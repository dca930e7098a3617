// SPDX-License-Identifier: Apache-2.0

// For tests: work in a network namespace of its own, so that this machine's is never touched.
#pragma once

#include <gtest/gtest.h>
#include <sched.h>
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

}  // namespace glovebox::core

#define SKIP_WITHOUT_NAMESPACES(status)                  \
    if ((status) == ::glovebox::core::exit_no_namespace) \
    GTEST_SKIP() << "this user may not make network namespaces on this host"
