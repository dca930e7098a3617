// SPDX-License-Identifier: Apache-2.0

#include "sim/supervisor/parked_calls.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <set>
#include <vector>

namespace glovebox::supervisor {
namespace {

using namespace std::chrono_literals;

class ParkedCallsTest : public ::testing::Test {
  protected:
    void park(std::uint64_t id) {
        SystemCall call;
        call.id = id;
        call.thread = ::gettid();
        calls_.add(call, now_);
    }
    // The time comes of what is due next: which calls are looked at.
    std::set<std::uint64_t> round() {
        now_ = std::max(now_, calls_.next_look());
        std::set<std::uint64_t> looked_at;
        const auto look = [&](ParkedCall& call) {
            looked_at.insert(call.call.id);
            (void)signals_.look(call.call.thread, call.signals, [] { return true; });
            ParkedCalls::plan_next_look(call, now_);
            return gone_.contains(call.call.id);
        };
        signals_.begin(calls_.size(), now_);
        (void)calls_.look_at_due(now_, look);
        (void)calls_.look_at_included(now_, signals_, look);
        signals_.end(now_, {});
        return looked_at;
    }
    void settle() {
        for (int i = 0; i < 20; ++i)
            (void)round();
    }
    [[nodiscard]] std::vector<std::uint64_t> ids() {
        std::vector<std::uint64_t> found;
        for (const ParkedCall& call : calls_)
            found.push_back(call.call.id);
        return found;
    }

    ParkedCalls::Clock::time_point now_ = ParkedCalls::Clock::now();
    ParkedCalls calls_;
    SignalWatch signals_{[](pid_t thread) {
        ThreadStatus status;
        status.process = thread;
        status.queued = 0;
        status.state = 'S';
        return std::optional(status);
    }};
    std::set<std::uint64_t> gone_;
};

TEST_F(ParkedCallsTest, AreLookedAtSoonAndThenLessAndLessOften) {
    const auto begin = now_;
    park(1);
    EXPECT_LE(calls_.next_look() - begin, 1ms);
    settle();
    EXPECT_EQ(calls_.next_look() - now_, 15ms);
    park(2);
    EXPECT_LE(calls_.next_look() - now_, 1ms) << "one that is new";
}

TEST_F(ParkedCallsTest, OneOfManyThatHaveWaitedForLongIsLookedAtForAll) {
    for (std::uint64_t id = 1; id <= 100; ++id)
        park(id);
    settle();
    std::set<std::uint64_t> looked_at;
    for (int i = 0; i < 8; ++i) {
        const auto these = round();
        EXPECT_EQ(these.size(), 1U);
        looked_at.insert(these.begin(), these.end());
    }
    EXPECT_GT(looked_at.size(), 1U) << "not always the same one";
}

TEST_F(ParkedCallsTest, KeepTheirOrderWhateverIsTakenAndGone) {
    for (std::uint64_t id = 1; id <= 6; ++id)
        park(id);
    settle();
    park(7);
    EXPECT_EQ(calls_.take_first().id, 1U);
    EXPECT_EQ(calls_.erase_if([](const ParkedCall& call) { return call.call.id == 4; }), 1U);
    EXPECT_EQ(ids(), (std::vector<std::uint64_t>{2, 3, 5, 6, 7}));
    gone_ = {7};
    (void)round();
    EXPECT_EQ(ids(), (std::vector<std::uint64_t>{2, 3, 5, 6}));
    gone_ = {2, 3, 5, 6};
    for (int i = 0; i < 60; ++i)
        (void)round();
    EXPECT_TRUE(calls_.empty());
    EXPECT_EQ(calls_.next_look(), ParkedCalls::Clock::time_point::max());
}

TEST_F(ParkedCallsTest, ADeadlineIsKept) {
    for (std::uint64_t id = 1; id <= 3; ++id)
        park(id);
    ParkedCall& timed = *(calls_.begin() + 1);
    timed.has_timeout = true;
    timed.deadline = now_ + 63ms;
    const auto deadline = timed.deadline;
    std::set<std::uint64_t> looked_at;
    while (now_ < deadline)
        looked_at = round();
    EXPECT_EQ(now_, deadline);
    EXPECT_TRUE(looked_at.contains(2));
}

}  // namespace
}  // namespace glovebox::supervisor
