// SPDX-License-Identifier: Apache-2.0

#include "sim/supervisor/clock_calls.h"

#include <gtest/gtest.h>
#include <linux/capability.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timex.h>
#include <unistd.h>

#include <array>
#include <limits>
#include <utility>

#include "core/testing/memory_log.h"
#include "sim/supervisor/testing/fake_tracee.h"
#include "sim/supervisor/thread_status.h"

namespace glovebox::supervisor {
namespace {

constexpr std::uint64_t given_time_at = 0x1000;
constexpr std::uint64_t given_zone_at = 0x2000;
constexpr long smallest_long = std::numeric_limits<long>::min();
constexpr long largest_long = std::numeric_limits<long>::max();

// Where this process's user has what an enclave's root has, and not the machine's.
EnclaveFacts roots_enclave() {
    EnclaveFacts facts;
    facts.is_sandbox = ::geteuid() == 0;
    return facts;
}

// The answers of an enclave's root, as whom this process goes. None of them sets a clock.
class ClockCallsTest : public ::testing::Test {
  protected:
    void SetUp() override {
        const auto status = read_thread_status(::getpid());
        if (!status || !status->has_capability(CAP_SYS_TIME))
            GTEST_SKIP() << "this process lacks CAP_SYS_TIME, as a user and a container's root do";
    }
    // 0, or the errno value of the answer; -1 where the kernel has the word.
    int outcome(int number, std::uint64_t first, std::uint64_t second = 0) {
        SystemCall call;
        call.thread = ::getpid();
        call.number = number;
        call.arguments = {first, second};
        const SyscallReply reply = clock_.answer(call, tracee_);
        return reply.kind() == SyscallReply::Kind::error          ? reply.errno_value()
               : reply.kind() == SyscallReply::Kind::pass_through ? -1
                                                                  : 0;
    }
    int settimeofday(timeval time) {
        tracee_.put(given_time_at, time);
        return outcome(SYS_settimeofday, given_time_at);
    }
    int clock_settime(timespec time) {
        tracee_.put(given_time_at, time);
        return outcome(SYS_clock_settime, CLOCK_REALTIME, given_time_at);
    }
    int adjtimex(const timex& wanted) {
        tracee_.put(given_time_at, wanted);
        return outcome(SYS_adjtimex, given_time_at);
    }
    // ADJ_SETOFFSET with these modes too.
    int add(long whole, long fraction, unsigned modes = 0) {
        timex wanted{};
        wanted.modes = ADJ_SETOFFSET | modes;
        wanted.time = {whole, fraction};
        return adjtimex(wanted);
    }

    testing::FakeTracee tracee_;
    core::MemoryLog log_;
    Notices notices_{log_};
    EnclaveRoot root_{roots_enclave()};
    ClockCalls clock_{root_, notices_};
};

TEST_F(ClockCallsTest, ATimeThatIsNoneIsInvalid) {
    const time_t now = ::time(nullptr);
    EXPECT_EQ(settimeofday({now, 0}), 0);
    EXPECT_EQ(settimeofday({now, -1}), EINVAL);
    EXPECT_EQ(settimeofday({now, 1'000'000}), EINVAL);
    EXPECT_EQ(settimeofday({now, largest_long}), EINVAL) << "more than nanoseconds count";
    EXPECT_EQ(settimeofday({now, smallest_long}), EINVAL);
    EXPECT_EQ(settimeofday({-1, 0}), EINVAL);
    EXPECT_EQ(settimeofday({largest_long, 0}), EINVAL);
    EXPECT_EQ(clock_settime({now, 0}), 0);
    EXPECT_EQ(clock_settime({now, 1'000'000'000}), EINVAL);
    EXPECT_EQ(clock_settime({now, smallest_long}), EINVAL);
    EXPECT_EQ(clock_settime({smallest_long, 0}), EINVAL);
    EXPECT_EQ(clock_settime({8'277'292'036, 0}), EINVAL);
    EXPECT_EQ(clock_settime({8'277'292'035, 0}), EPERM) << "a time, and not this machine's";
}

TEST_F(ClockCallsTest, ATimeZoneIsWithinHalfADayAndABit) {
    const auto set_zone = [&](int minutes_west) {
        tracee_.put(given_zone_at, std::array{minutes_west, 0});
        return outcome(SYS_settimeofday, 0, given_zone_at);
    };
    EXPECT_EQ(set_zone(-15 * 60), 0);
    EXPECT_EQ(set_zone(15 * 60 + 1), EINVAL);
    EXPECT_EQ(set_zone(std::numeric_limits<int>::min()), EINVAL);
    EXPECT_EQ(outcome(SYS_settimeofday, 0, 0x9000), EFAULT);
    EXPECT_EQ(outcome(SYS_settimeofday, 0, 0), 0);
}

TEST_F(ClockCallsTest, AnOffsetThatLeadsToNoTimeIsInvalid) {
    EXPECT_EQ(add(0, 0), 0);
    EXPECT_EQ(add(-1, 500'000), 0);
    EXPECT_EQ(add(0, -1), EINVAL);
    EXPECT_EQ(add(0, 1'000'000), EINVAL);
    EXPECT_EQ(add(0, 1'000'000, ADJ_NANO), 0);
    EXPECT_EQ(add(0, 1'000'000'000, ADJ_NANO), EINVAL);
    EXPECT_EQ(add(0, largest_long), EINVAL);
    EXPECT_EQ(add(0, smallest_long), EINVAL);
    EXPECT_EQ(add(smallest_long, 0), EINVAL);
    EXPECT_EQ(add(largest_long, 0), EINVAL);
    EXPECT_EQ(add(-4'000'000'000, 0), EINVAL) << "before 1970";
    EXPECT_EQ(add(3600, 0), EPERM);
}

TEST_F(ClockCallsTest, AnAdjustmentBeyondItsRangeIsInvalid) {
    timex wanted{};
    wanted.modes = ADJ_TICK;
    for (const auto& [tick, expected] : {std::pair{8'999L, EINVAL},
                                         {9'000L, 0},
                                         {11'000L, 0},
                                         {11'001L, EINVAL},
                                         {0L, EINVAL},
                                         {smallest_long, EINVAL}}) {
        wanted.tick = tick;
        EXPECT_EQ(adjtimex(wanted), expected) << tick;
    }
    wanted.modes = ADJ_FREQUENCY;
    wanted.freq = smallest_long;
    EXPECT_EQ(adjtimex(wanted), EINVAL);
    wanted.freq = 1L << 30;
    EXPECT_EQ(adjtimex(wanted), 0);
    EXPECT_EQ(tracee_.get<timex>(given_time_at).freq, 500L << 16) << "as much as the kernel gives";
}

TEST_F(ClockCallsTest, WhatOnlyReadsIsTheKernels) {
    timex wanted{};
    EXPECT_EQ(adjtimex(wanted), -1);
    wanted.modes = ADJ_OFFSET_SS_READ;
    wanted.offset = 12'345;
    EXPECT_EQ(adjtimex(wanted), -1);
    EXPECT_TRUE(log_.lines().empty());
}

TEST_F(ClockCallsTest, AdjtimeGivesWhatWasLeftOfTheOneBefore) {
    timex wanted{};
    wanted.modes = ADJ_OFFSET_SINGLESHOT;
    wanted.offset = 12'345;
    EXPECT_EQ(adjtimex(wanted), 0);
    EXPECT_NE(tracee_.get<timex>(given_time_at).offset, 12'345);
}

}  // namespace
}  // namespace glovebox::supervisor
