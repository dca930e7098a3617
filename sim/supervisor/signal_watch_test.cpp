// SPDX-License-Identifier: Apache-2.0

#include "sim/supervisor/signal_watch.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <vector>

namespace glovebox::supervisor {
namespace {

// Threads 0 to 100 of one process.
class SignalWatchTest : public ::testing::Test {
  protected:
    static constexpr int threads = 101;

    // The threads that a round finds woken.
    std::set<pid_t> round() {
        std::set<pid_t> found;
        reads_ = asked_ = 0;
        watch_.begin(threads, now_);
        for (pid_t thread = 0; thread < threads; ++thread) {
            if (answered_.contains(thread))
                continue;
            const auto is_valid = [this] { return ++asked_, true; };
            if (look(thread, is_valid) == SignalWatch::Finding::woken)
                found.insert(thread);
        }
        now_ += took_ + waited_;
        watch_.end(now_, took_);
        return found;
    }
    SignalWatch::Finding look(pid_t thread, const std::function<bool()>& is_valid) {
        return watch_.look(thread, memories_[static_cast<std::size_t>(thread)], is_valid);
    }
    // Of all threads something is known.
    void settle() {
        EXPECT_EQ(round(), std::set<pid_t>());
        EXPECT_EQ(round(), std::set<pid_t>());
    }

    // Ends a thread's sleep, as a signal does.
    void wake(std::set<pid_t> threads) {
        for (const pid_t thread : threads)
            ++runs_[thread];
        woken_ = std::move(threads);
    }

    std::uint64_t queued_ = 0;
    bool counts_runs_ = true;
    std::map<pid_t, std::uint64_t> runs_;  // beyond the first
    std::set<pid_t> woken_;
    std::set<pid_t> answered_;
    int reads_ = 0;
    int asked_ = 0;  // whether a call is valid
    SignalWatch::Clock::time_point now_ = SignalWatch::Clock::now();
    std::chrono::milliseconds took_{0};    // by each round
    std::chrono::milliseconds waited_{0};  // by each round, for its processor
    std::vector<SignalWatch::Memory> memories_ = std::vector<SignalWatch::Memory>(threads);
    SignalWatch watch_{[this](pid_t thread) {
                           ++reads_;
                           ThreadStatus status;
                           status.process = 7;
                           status.queued = queued_;
                           status.state = woken_.contains(thread) ? 'D' : 'S';
                           return std::optional(status);
                       },
                       [this](pid_t thread) {
                           return counts_runs_ ? std::optional(1 + runs_[thread]) : std::nullopt;
                       }};
};

TEST_F(SignalWatchTest, AQuietRoundLooksAtOneOfManyThreads) {
    settle();
    EXPECT_EQ(reads_, 1);
    EXPECT_LE(asked_, 4);
    watch_.begin(threads, now_);
    EXPECT_FALSE(watch_.includes(memories_[5])) << "nobody was looked at yet";
    (void)look(0, [] { return true; });
    EXPECT_TRUE(watch_.includes(memories_[5])) << "though it need not be its time";
    EXPECT_TRUE(watch_.is_quiet(memories_[5]));
    EXPECT_FALSE(watch_.includes(memories_[0]));
}

TEST_F(SignalWatchTest, ASignalToAnyThreadIsFoundInTheNextRound) {
    settle();
    for (const pid_t thread : {50, 7, 100}) {
        ++queued_;
        wake({thread});
        EXPECT_EQ(round(), woken_);
    }
}

TEST_F(SignalWatchTest, AStopCountsNowhereAndIsFoundInAllThreads) {
    settle();
    std::set<pid_t> all;
    for (pid_t thread = 0; thread < threads; ++thread)
        all.insert(thread);
    wake(all);
    EXPECT_EQ(round(), all);
}

TEST_F(SignalWatchTest, WhatWaitsAllTheTimeHidesNoOtherSignal) {
    queued_ = 1;  // a timer of another program
    settle();
    ++queued_;
    wake({90});
    EXPECT_EQ(round(), woken_);
}

// Then the queue has the same length again.
TEST_F(SignalWatchTest, ASignalThatWasFoundMayHaveBeenFollowedByAnother) {
    settle();
    took_ = std::chrono::milliseconds(20);
    queued_ = 1;
    wake({3});
    EXPECT_EQ(round(), woken_);
    wake({90});
    now_ += took_;
    EXPECT_EQ(round(), woken_);
}

TEST_F(SignalWatchTest, WhatStaysIsNoReasonToLookAtAllThreadsInEachRound) {
    settle();
    took_ = std::chrono::milliseconds(20);
    queued_ = 1;
    counts_runs_ = false;
    (void)round();
    EXPECT_EQ(reads_, threads);
    for (int i = 0; i < 4; ++i) {
        (void)round();
        EXPECT_EQ(reads_, 1);
    }
    now_ += 100 * took_;
    (void)round();
    EXPECT_EQ(reads_, threads) << "from time to time";
}

TEST_F(SignalWatchTest, OfThreadsThatHaveNotRunNoStatusIsRead) {
    settle();
    queued_ = 1;
    wake({3, 90});
    EXPECT_EQ(round(), woken_);
    EXPECT_LE(reads_, 5) << "of the first, which tells the count, of the two and of two in turn";
}

// It ran, and sleeps as before: preempted on its way to sleep, for example.
TEST_F(SignalWatchTest, AThreadThatHasRunAndSleepsWasNotWoken) {
    settle();
    queued_ = 1;
    wake({50});
    woken_.clear();
    EXPECT_EQ(round(), woken_);
    EXPECT_LE(reads_, 4);
    ++queued_;
    EXPECT_EQ(round(), woken_);
    EXPECT_LE(reads_, 3) << "its new count is known";
    ++queued_;
    wake({50});
    EXPECT_EQ(round(), woken_);
}

TEST_F(SignalWatchTest, NewsThatComeAmidARoundAreFollowedInTheNext) {
    settle();
    watch_.begin(threads, now_);
    queued_ = 1;
    for (pid_t thread = 0; thread < threads; ++thread) {
        if (thread == 60) {  // to one that was looked at before
            queued_ = 2;
            wake({10});
        }
        EXPECT_EQ(look(thread, [] { return true; }), SignalWatch::Finding::nothing);
    }
    watch_.end(now_, took_);
    EXPECT_EQ(round(), woken_);
}

TEST_F(SignalWatchTest, ARoundThatWaitsForItsProcessorDelaysNoOther) {
    settle();
    took_ = std::chrono::milliseconds(2);
    waited_ = std::chrono::milliseconds(100);
    queued_ = 1;
    wake({3});
    EXPECT_EQ(round(), woken_);
    wake({90});
    now_ += took_;
    EXPECT_EQ(round(), woken_);
}

TEST_F(SignalWatchTest, ACallThatIsGoneIsFoundOutInTurn) {
    settle();
    for (int i = 0; i < 60; ++i) {
        watch_.begin(threads, now_);
        for (pid_t thread = 0; thread < threads; ++thread)
            if (look(thread, [&] { return thread != 50; }) == SignalWatch::Finding::gone) {
                EXPECT_EQ(thread, 50);
                return;
            }
    }
    ADD_FAILURE() << "never found out";
}

}  // namespace
}  // namespace glovebox::supervisor
