// SPDX-License-Identifier: Apache-2.0

// A filter around the tests, a container's, that answers a call in the place of the filter that is
// tested.
#pragma once

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <string>

namespace glovebox::supervisor::testing {

// Why a test of this call is skipped; empty where no other filter answers it. Of a call that a
// filter denies and another one traces, the errno is the former's, and without a tracer ENOSYS.
// The call is never carried out.
[[nodiscard]] inline std::string answered_by_container(long number, long first_argument = 0) {
    const pid_t child = ::fork();
    if (child == 0) {
        sock_filter code[] = {
            BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
            BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<unsigned>(number), 0, 1),
            BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE),
            BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        };
        const sock_fprog program{sizeof code / sizeof *code, code};
        if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
            ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
            ::_exit(0);
        const bool is_answered =
            ::syscall(number, first_argument, 0, 0, 0) == -1 && errno != ENOSYS;
        ::syscall(SYS_exit_group, is_answered ? 1 : 0);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) && WEXITSTATUS(status) == 1
               ? "a container's system call filter answers call " + std::to_string(number)
               : std::string();
}

}  // namespace glovebox::supervisor::testing
