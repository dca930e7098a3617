// SPDX-License-Identifier: Apache-2.0

#include "sim/supervisor/parked_calls.h"

#include <algorithm>

namespace glovebox::supervisor {
namespace {

using namespace std::chrono_literals;

// At once more or less where signals storm, and seldom enough to cost nothing where a server waits
// for hours. A caught signal is to arrive within 50 ms.
constexpr ParkedCall::Clock::duration first_interval = 500us;
constexpr ParkedCall::Clock::duration last_interval = 15ms;
// The kernel finds the oldest call first among all. Each so many rounds it is another's turn, so
// that one which is gone is found out.
constexpr std::size_t rounds_a_turn = 8;

}  // namespace

ParkedCall& ParkedCalls::add(const SystemCall& call, Clock::time_point now) {
    return calls_.emplace_back(ParkedCall{.call = call,
                                          .deadline = Clock::time_point::max(),
                                          .next_look = now + first_interval,
                                          .interval = first_interval,
                                          .signals = {}});
}

SystemCall ParkedCalls::take_first() {
    const SystemCall first = calls_.front().call;
    calls_.pop_front();
    settled_ -= std::min<std::size_t>(settled_, 1);
    return first;
}

std::size_t ParkedCalls::erase_if(const std::function<bool(const ParkedCall&)>& is_gone) {
    return look_from(
        0, calls_.size(), [](const ParkedCall&) { return true; }, is_gone);
}

// Of the calls from `first` to `last`.
std::size_t ParkedCalls::look_from(std::size_t first, std::size_t last,
                                   const std::function<bool(const ParkedCall&)>& is_wanted,
                                   const Look& look) {
    std::size_t kept = first;
    std::size_t settled = settled_;
    for (std::size_t i = first; i < last; ++i) {
        if (is_wanted(calls_[i]) && look(calls_[i])) {
            settled -= i < settled_ ? 1 : 0;
            continue;
        }
        if (kept != i)
            calls_[kept] = std::move(calls_[i]);
        ++kept;
    }
    const std::size_t erased = last - kept;
    if (erased > 0)
        calls_.erase(calls_.begin() + static_cast<std::ptrdiff_t>(kept),
                     calls_.begin() + static_cast<std::ptrdiff_t>(last));
    settled_ = settled;
    return erased;
}

std::size_t ParkedCalls::look_at_due(Clock::time_point now, const Look& look) {
    std::size_t gone = look_from(
        settled_, calls_.size(), [&](const ParkedCall& call) { return now >= call.next_look; },
        look);
    if (settled_ == 0 || now < next_look_at_settled_)
        return gone;
    next_look_at_settled_ = now + last_interval;
    const std::size_t turn =
        ++rounds_ % rounds_a_turn == 0 ? rounds_ / rounds_a_turn % settled_ : 0;
    gone += look_from(
        is_mixed_ ? 0 : turn, is_mixed_ ? settled_ : turn + 1,
        [](const ParkedCall&) { return true; }, look);
    return gone;
}

std::size_t ParkedCalls::look_at_included(Clock::time_point now, const SignalWatch& signals,
                                          const Look& look) {
    const auto is_included = [&](const ParkedCall& call) { return signals.includes(call.signals); };
    std::size_t gone = look_from(settled_, calls_.size(), is_included, look);
    if (settled_ > 0 && !is_mixed_ && signals.is_quiet(calls_.front().signals))
        next_look_at_settled_ = now + last_interval;
    else
        gone += look_from(0, settled_, is_included, look);
    settle();
    return gone;
}

void ParkedCalls::plan_next_look(ParkedCall& call, Clock::time_point now) {
    if (now >= call.next_look)
        call.interval = std::min(call.interval * 2, last_interval);
    call.next_look = std::min(now + call.interval, call.deadline);
}

ParkedCalls::Clock::time_point ParkedCalls::next_look() const {
    auto next = settled_ > 0 ? next_look_at_settled_ : Clock::time_point::max();
    for (std::size_t i = settled_; i < calls_.size(); ++i)
        next = std::min(next, calls_[i].next_look);
    return next;
}

void ParkedCalls::settle() {
    if (settled_ == 0)
        is_mixed_ = false;
    for (; settled_ < calls_.size(); ++settled_) {
        const ParkedCall& call = calls_[settled_];
        if (call.has_timeout || call.interval < last_interval || !call.signals.owner)
            return;
        if (settled_ == 0)
            next_look_at_settled_ = call.next_look;
        next_look_at_settled_ = std::min(next_look_at_settled_, call.next_look);
        is_mixed_ = is_mixed_ || call.signals.owner != calls_.front().signals.owner;
    }
}

}  // namespace glovebox::supervisor
