// SPDX-License-Identifier: Apache-2.0

#include "core/service/run_until_signal.h"

#include <gtest/gtest.h>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <csignal>
#include <future>

#include "core/testing/memory_log.h"

namespace glovebox::core {
namespace {

namespace asio = boost::asio;

// Two signals at once, as from a shell that ends its jobs twice: the second is delivered when
// `serve` has ended already.
TEST(RunUntilSignal, ASecondSignalAtTheEndKeepsNothingRunning) {
    asio::io_context context(1);
    MemoryLog log;
    asio::steady_timer stopped(context, asio::steady_timer::time_point::max());
    const auto serve = [&]() -> asio::awaitable<void> {
        ::raise(SIGTERM);
        ::raise(SIGTERM);
        boost::system::error_code cancelled;
        co_await stopped.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
    };
    auto run = std::async(std::launch::async, [&] {
        run_until_signal(context, log, serve(), [&] { stopped.cancel(); });
    });
    const bool has_returned = run.wait_for(std::chrono::seconds(20)) == std::future_status::ready;
    context.stop();
    EXPECT_TRUE(has_returned);
}

}  // namespace
}  // namespace glovebox::core
