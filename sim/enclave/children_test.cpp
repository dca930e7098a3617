// SPDX-License-Identifier: Apache-2.0

#include "sim/enclave/children.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <thread>

namespace glovebox::enclave {
namespace {

TEST(Children, AreFoundWhileOtherProcessesEnd) {
    const pid_t child = ::fork();
    if (child == 0) {
        ::pause();
        ::_exit(0);
    }
    std::atomic<bool> is_over = false;
    std::thread others([&is_over] {
        while (!is_over) {
            const pid_t other = ::fork();
            if (other == 0)
                ::_exit(0);
            ::waitpid(other, nullptr, 0);
        }
    });
    for (int round = 0; round < 500; ++round)
        EXPECT_THAT(list_children(::getpid()), ::testing::Contains(child));
    is_over = true;
    others.join();
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
}

TEST(Children, ThatEndedAreListedUnlessSomebodyTracesThem) {
    const auto fork_pausing = [] {
        const pid_t child = ::fork();
        if (child == 0)
            for (;;)
                ::pause();
        return child;
    };
    const pid_t living = fork_pausing();
    const pid_t traced = fork_pausing();
    const pid_t ended = fork_pausing();
    ASSERT_EQ(::ptrace(PTRACE_SEIZE, traced, nullptr, nullptr), 0);
    for (const pid_t child : {traced, ended}) {
        ::kill(child, SIGKILL);
        siginfo_t info{};
        ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOWAIT), 0);
    }
    EXPECT_THAT(list_ended_children(), ::testing::ElementsAre(ended));
    ::kill(living, SIGKILL);
    for (const pid_t child : {living, traced, ended})
        ::waitpid(child, nullptr, 0);
}

}  // namespace
}  // namespace glovebox::enclave
