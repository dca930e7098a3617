// SPDX-License-Identifier: Apache-2.0

#include "sim/supervisor/thread_status.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <thread>

namespace glovebox::supervisor {
namespace {

constexpr std::uint64_t bit(int signal) {
    return std::uint64_t{1} << (signal - 1);
}

TEST(ThreadStatus, IsReadByName) {
    const ThreadStatus status = parse_thread_status(
        "Name:\tState:\tx\nState:\tS "
        "(sleeping)\nTgid:\t42\nPid:\t43\nPPid:\t41\nTracerPid:\t40\nNStgid:\t42\t7\nNSpid:"
        "\t43\t8\nUid:"
        "\t1000\t1001\t1002\t1003\nGid:\t2000\t2001\t2002\t2003\n"
        "VmLck:\t      12 kB\nThreads:\t3\nSigQ:\t5/96364\n"
        "SigPnd:\t0000000000000200\nShdPnd:\t0000000000004000\n"
        "SigBlk:\t0000000000000400\nSigIgn:\t0000000000001000\nSigCgt:\t0000000000004000\n"
        "CapEff:\t0000000000000400\nSeccomp_filters:\t2\n");
    EXPECT_EQ(status.process, 42);
    EXPECT_EQ(status.parent, 41);
    EXPECT_EQ(status.tracer, 40);
    EXPECT_EQ(status.inner_process, 7);
    EXPECT_EQ(status.inner_thread, 8);
    EXPECT_EQ(status.users, (ThreadStatus::Ids{1000, 1001, 1002}));
    EXPECT_EQ(status.groups, (ThreadStatus::Ids{2000, 2001, 2002}));
    EXPECT_EQ(status.threads, 3u);
    EXPECT_EQ(status.state, 'S');
    EXPECT_EQ(status.queued, 5u);
    EXPECT_EQ(status.pending, bit(SIGUSR1));
    EXPECT_EQ(status.shared_pending, bit(SIGTERM));
    EXPECT_EQ(status.blocked, bit(11));
    EXPECT_EQ(status.ignored, bit(SIGPIPE));
    EXPECT_EQ(status.caught, bit(SIGTERM));
    EXPECT_EQ(status.filters, 2u);
    EXPECT_EQ(status.locked_kib, 12u);
    EXPECT_TRUE(status.has_capability(10));
    EXPECT_FALSE(status.has_capability(11));
}

TEST(ThreadStatus, BrokenTextIsReadAsFarAsItGoes) {
    EXPECT_EQ(parse_thread_status("").process, 0);
    EXPECT_EQ(parse_thread_status("Tgid:\t\nUid:\t7").users.effective, 0u);
    EXPECT_EQ(parse_thread_status("Tgid:\tmany\nThreads:\t2").threads, 2u);
}

TEST(ThreadStatus, OnesOwnIsThereAndThatOfNobodyIsNot) {
    const auto own = read_thread_status(::getpid());
    ASSERT_TRUE(own);
    EXPECT_EQ(own->process, ::getpid());
    EXPECT_EQ(own->users.effective, ::geteuid());
    EXPECT_FALSE(read_thread_status(0x3fffffff));
}

TEST(ThreadStatus, EachSleepEndsInARunThatIsCounted) {
    const auto before = read_run_count(::gettid());
    if (!before)
        GTEST_SKIP() << "this kernel doesn't count (CONFIG_SCHED_INFO)";
    EXPECT_FALSE(read_run_count(0x3fffffff));
    const pid_t sleeper = ::gettid();
    std::array<int, 2> ends{};
    ASSERT_EQ(::pipe(ends.data()), 0);
    std::thread waker([&] {
        while (read_thread_status(sleeper)->state != 'S')
            std::this_thread::yield();
        EXPECT_EQ(::write(ends[1], "x", 1), 1);
    });
    char byte = 0;
    EXPECT_EQ(::read(ends[0], &byte, 1), 1);
    waker.join();
    ::close(ends[0]);
    ::close(ends[1]);
    EXPECT_GT(read_run_count(::gettid()), before);
}

}  // namespace
}  // namespace glovebox::supervisor
