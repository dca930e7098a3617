// SPDX-License-Identifier: Apache-2.0

// For tests: what a process can do that has confined itself.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

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

}  // namespace glovebox::core
