// SPDX-License-Identifier: Apache-2.0

// Time limits: for any coroutine, and for a wait that can be ended.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/system/error_code.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <utility>

#include "core/base/clock.h"
#include "core/base/error.h"
#include "core/stream/asio_result.h"

namespace glovebox::core {

// The result of `work`, or `too_late` if `time` passes first; then `work` is cancelled, and has
// ended when this returns.
template <class T>
[[nodiscard]] boost::asio::awaitable<Result<T>> with_timeout(
    boost::asio::awaitable<Result<T>> work, std::chrono::steady_clock::duration time,
    Error too_late) {
    using namespace boost::asio::experimental::awaitable_operators;
    boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor, time);
    auto first = co_await (std::move(work) || timer.async_wait(as_result));
    if (first.index() == 0)
        co_return std::get<0>(std::move(first));
    co_return std::move(too_late);
}

// Calls `expire` when the time has passed, unless it was destroyed before. Costs less than
// with_timeout(), which starts two coroutines.
class Deadline {
  public:
    Deadline(const boost::asio::any_io_executor& executor, std::chrono::steady_clock::duration time,
             std::function<void()> expire)
        : state_(std::make_shared<State>(executor, time, std::move(expire))) {
        state_->timer.async_wait([state = state_](const boost::system::error_code& failure) {
            state->expired = !failure && state->expire;
            if (state->expired)
                state->expire();
        });
    }
    ~Deadline() {
        state_->expire = nullptr;
        state_->timer.cancel();
    }
    Deadline(const Deadline&) = delete;
    Deadline& operator=(const Deadline&) = delete;

    [[nodiscard]] bool has_expired() const { return state_->expired; }

  private:
    struct State {
        State(const boost::asio::any_io_executor& executor,
              std::chrono::steady_clock::duration time, std::function<void()> call)
            : timer(executor, time), expire(std::move(call)) {}
        boost::asio::steady_timer timer;
        std::function<void()> expire;
        bool expired = false;
    };
    std::shared_ptr<State> state_;
};

// Of a peer that was silent for so long: timed_out.
[[nodiscard]] inline Error no_answer(std::chrono::milliseconds patience) {
    return Error(boost::asio::error::make_error_code(boost::asio::error::timed_out),
                 "no answer within " + format_duration(patience));
}

}  // namespace glovebox::core
