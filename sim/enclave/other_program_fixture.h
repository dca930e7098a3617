// SPDX-License-Identifier: Apache-2.0

// A child that executes another program than the test, and stays.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/unique_fd.h"

namespace glovebox::enclave {

class OtherProgram {
  public:
    // It runs when this returns. `namespaces`: CLONE_NEW... of clone(2), or 0. process() is -1
    // where the machine denies these.
    explicit OtherProgram(unsigned long namespaces = 0) {
        int input[2];
        int executed[2];
        EXPECT_EQ(::pipe2(input, O_CLOEXEC) | ::pipe2(executed, O_CLOEXEC), 0);
        const UniqueFd input_end(input[0]);
        const UniqueFd executed_end(executed[0]);
        UniqueFd its_executed_end(executed[1]);
        input_.reset(input[1]);
        process_ = static_cast<pid_t>(
            ::syscall(SYS_clone, namespaces | SIGCHLD, nullptr, nullptr, nullptr, nullptr));
        if (process_ == 0) {
            ::dup2(input[0], STDIN_FILENO);
            ::execl("/bin/cat", "cat", nullptr);
            ::_exit(127);
        }
        its_executed_end.reset();
        char nothing = 0;
        EXPECT_EQ(::read(executed_end.get(), &nothing, 1), 0);  // closed by its exec
    }
    ~OtherProgram() {
        if (process_ > 0) {
            ::kill(process_, SIGKILL);
            ::waitpid(process_, nullptr, 0);
        }
    }
    OtherProgram(const OtherProgram&) = delete;
    OtherProgram& operator=(const OtherProgram&) = delete;

    [[nodiscard]] pid_t process() const { return process_; }

  private:
    UniqueFd input_;  // it reads until this is closed
    pid_t process_ = -1;
};

}  // namespace glovebox::enclave
