// SPDX-License-Identifier: Apache-2.0

#include "core/base/interruption.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

namespace glovebox {
namespace {

int signal_that_interrupts(const Interruption& interruption) {
    try {
        interruption.check();
    } catch (const Interrupted& interrupted) {
        return interrupted.signal;
    }
    return 0;
}

TEST(Interruption, HoldsASignalUntilItIsAskedFor) {
    const Interruption interruption({SIGPWR});
    EXPECT_EQ(signal_that_interrupts(interruption), 0);
    ::raise(SIGTERM);
    EXPECT_EQ(signal_that_interrupts(interruption), SIGTERM);
    EXPECT_EQ(signal_that_interrupts(interruption), 0);
    ::raise(SIGPWR);
    EXPECT_EQ(signal_that_interrupts(interruption), SIGPWR);
}

TEST(Interruption, LeavesSignalsAsTheyWere) {
    sigset_t before;
    sigset_t behind;
    ::pthread_sigmask(SIG_SETMASK, nullptr, &before);
    { const Interruption interruption; }
    ::pthread_sigmask(SIG_SETMASK, nullptr, &behind);
    for (int number = 1; number < SIGRTMIN; ++number)
        EXPECT_EQ(sigismember(&before, number), sigismember(&behind, number)) << number;
}

// As under nohup.
TEST(Interruption, AnIgnoredSignalStaysIgnored) {
    ::signal(SIGHUP, SIG_IGN);
    {
        const Interruption interruption;
        ::raise(SIGHUP);
        EXPECT_EQ(signal_that_interrupts(interruption), 0);
    }
    ::signal(SIGHUP, SIG_DFL);
}

TEST(Interruption, TheEndIsTheSignals) {
    const pid_t child = ::fork();
    if (child == 0) {
        const Interruption interruption;
        ::raise(SIGINT);
        end_by_signal(signal_that_interrupts(interruption));
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFSIGNALED(status));
    EXPECT_EQ(WTERMSIG(status), SIGINT);
}

}  // namespace
}  // namespace glovebox
