// SPDX-License-Identifier: Apache-2.0

// Accepts connections until the listener is closed.
#pragma once

#include <algorithm>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <string>
#include <utility>

#include "core/base/error.h"
#include "core/base/log.h"
#include "core/stream/asio_result.h"

namespace glovebox::core {

// `accept()` yields an awaitable of Result<Accepted>, and `take(Accepted)` has the connection
// served. Ends on operation_aborted. Every other failure, above all a lack of descriptors (EMFILE,
// ENFILE), is logged once and retried after 10 ms to 1 s: connections in the backlog are not lost.
// `trim()` is to free descriptors then.
template <class Accept, class Take, class Trim>
boost::asio::awaitable<void> accept_loop(std::string name, Accept accept, Take take, Trim trim,
                                         Log& log) {
    using namespace std::chrono_literals;
    constexpr std::chrono::milliseconds pause_min = 10ms;
    constexpr std::chrono::milliseconds pause_max = 1s;
    co_await boost::asio::this_coro::throw_if_cancelled(false);
    boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor);
    std::chrono::milliseconds pause = pause_min;
    while (true) {
        auto accepted = co_await accept();
        if (accepted) {
            if (pause != pause_min)
                log.info("accepting", "{}: accepting again", field("listener", name));
            pause = pause_min;
            take(std::move(*accepted));
            continue;
        }
        if (accepted.error().code == boost::asio::error::operation_aborted)
            co_return;
        trim();
        if (pause == pause_min)
            log.warning("not_accepted", "{}: a connection waits, since it can't be accepted: {}",
                        field("listener", name), field("error", accepted.error().message));
        timer.expires_after(pause);
        const auto [cancelled] = co_await timer.async_wait(as_result);
        if (cancelled)
            co_return;
        pause = std::min(pause * 2, pause_max);
    }
}

}  // namespace glovebox::core
