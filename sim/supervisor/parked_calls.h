// SPDX-License-Identifier: Apache-2.0

// The accept calls that wait on one listener, in their order; and when each is looked at for a
// signal: often at first, where signals may storm, and seldom once it has waited for a while.
//
// Those that have waited for a while are settled: one of them is looked at for all.
#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>

#include "sim/supervisor/signal_watch.h"
#include "sim/supervisor/system_call.h"

namespace glovebox::supervisor {

struct ParkedCall {
    using Clock = std::chrono::steady_clock;

    SystemCall call;
    bool has_timeout = false;  // SO_RCVTIMEO, which ends at `deadline`
    Clock::time_point deadline;
    Clock::time_point next_look;
    Clock::duration interval;
    SignalWatch::Memory signals;
    pid_t process = 0;  // once it has mattered
};

class ParkedCalls {
  public:
    using Clock = ParkedCall::Clock;
    // Looks at a call, and returns whether it waits no more.
    using Look = std::function<bool(ParkedCall&)>;

    [[nodiscard]] bool empty() const { return calls_.empty(); }
    [[nodiscard]] std::size_t size() const { return calls_.size(); }
    [[nodiscard]] auto begin() { return calls_.begin(); }
    [[nodiscard]] auto end() { return calls_.end(); }

    // Of a call since now; without a timeout the deadline is never.
    ParkedCall& add(const SystemCall& call, Clock::time_point now);
    [[nodiscard]] SystemCall take_first();
    // How many were erased.
    std::size_t erase_if(const std::function<bool(const ParkedCall&)>& is_gone);

    // A round of looks: first at those whose time has come, on all listeners, then at those that
    // the round includes. Each returns how many wait no more.
    std::size_t look_at_due(Clock::time_point now, const Look& look);
    std::size_t look_at_included(Clock::time_point now, const SignalWatch& signals,
                                 const Look& look);
    // Of a look that has found nothing.
    static void plan_next_look(ParkedCall& call, Clock::time_point now);
    // Never for none.
    [[nodiscard]] Clock::time_point next_look() const;

  private:
    void settle();
    std::size_t look_from(std::size_t first, std::size_t last,
                          const std::function<bool(const ParkedCall&)>& is_wanted,
                          const Look& look);

    std::deque<ParkedCall> calls_;
    std::size_t settled_ = 0;  // of the first ones
    bool is_mixed_ = false;    // settled calls of several processes
    Clock::time_point next_look_at_settled_;
    std::size_t rounds_ = 0;
};

}  // namespace glovebox::supervisor
