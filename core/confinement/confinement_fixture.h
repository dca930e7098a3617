// SPDX-License-Identifier: Apache-2.0

// For tests: what a process can do that has confined itself.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <initializer_list>

#include "core/base/leave_child.h"
#include "core/base/unique_fd.h"
#include "core/confinement/call_filter.h"

namespace glovebox::core {

class ConfinementFixture : public testing::Test {
  protected:
    void SetUp() override {
        if (CallFilter::is_sanitized)
            GTEST_SKIP() << "a sanitizer's runtime needs what would be forbidden";
    }

    // Calls both in a child process: 0, or the errno of the attempt, whose result is negative then;
    // 255 where `confine` is false.
    template <class Confine, class Try>
    static int in_child(const Confine& confine, const Try& attempt) {
        const pid_t child = ::fork();
        if (child == 0) {
            if (!confine())
                leave_child(255);
            errno = 0;
            leave_child(attempt() >= 0 ? 0 : errno);
        }
        int status = 0;
        ::waitpid(child, &status, 0);
        return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
    }

    // 0 where /bin/true was started.
    static int start_program() {
        const pid_t child = ::fork();
        if (child < 0)
            return -1;
        if (child == 0) {
            ::execl("/bin/true", "true", nullptr);
            leave_child(errno);
        }
        int status = 0;
        ::waitpid(child, &status, 0);
        errno = WIFEXITED(status) ? WEXITSTATUS(status) : EIO;
        return status == 0 ? 0 : -1;
    }

    // ENOTTY where nothing forbids it, since the file is no terminal.
    static int type_into_terminal() {
        const UniqueFd file(::open("/dev/null", O_RDWR | O_CLOEXEC));
        return ::ioctl(file.get(), TIOCSTI, "x");
    }
};

// A system call and its name.
struct NamedCall {
    long number;
    const char* name;
};

// What neither a service nor a supervisor may call (SECURITY.md), but for those that no arguments
// make harmless: vhangup takes none.
#define GLOVEBOX_CALL(name) \
    NamedCall {             \
        SYS_##name, #name   \
    }
constexpr std::initializer_list<NamedCall> calls_nobody_needs = {
    GLOVEBOX_CALL(acct),
    GLOVEBOX_CALL(add_key),
    GLOVEBOX_CALL(bpf),
    GLOVEBOX_CALL(clock_settime),
    GLOVEBOX_CALL(delete_module),
    GLOVEBOX_CALL(finit_module),
    GLOVEBOX_CALL(fsconfig),
    GLOVEBOX_CALL(fsmount),
    GLOVEBOX_CALL(fsopen),
    GLOVEBOX_CALL(fspick),
    GLOVEBOX_CALL(init_module),
    GLOVEBOX_CALL(io_uring_enter),
    GLOVEBOX_CALL(io_uring_register),
    GLOVEBOX_CALL(io_uring_setup),
#ifdef SYS_iopl
    GLOVEBOX_CALL(ioperm),
    GLOVEBOX_CALL(iopl),
#endif
    GLOVEBOX_CALL(kexec_load),
    GLOVEBOX_CALL(keyctl),
    GLOVEBOX_CALL(mount_setattr),
    GLOVEBOX_CALL(open_by_handle_at),
    GLOVEBOX_CALL(perf_event_open),
    GLOVEBOX_CALL(pivot_root),
    GLOVEBOX_CALL(process_madvise),
    GLOVEBOX_CALL(quotactl),
    GLOVEBOX_CALL(reboot),
    GLOVEBOX_CALL(request_key),
    GLOVEBOX_CALL(setdomainname),
    GLOVEBOX_CALL(sethostname),
    GLOVEBOX_CALL(settimeofday),
    GLOVEBOX_CALL(swapoff),
    GLOVEBOX_CALL(swapon),
    GLOVEBOX_CALL(syslog),
    GLOVEBOX_CALL(userfaultfd),
};

// With arguments that are wrong for every call: bad addresses, descriptors, flags and lengths. Root
// is answered by other errors than EPERM where a filter lets one through.
inline long call_harmlessly(long number) {
    return ::syscall(number, -1L, -1L, -1L, -1L, -1L, -1L);
}

}  // namespace glovebox::core
