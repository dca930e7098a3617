// SPDX-License-Identifier: Apache-2.0

// A time limit for any coroutine.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <utility>

#include "core/asio_result.h"
#include "core/base/error.h"

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

}  // namespace glovebox::core
