// SPDX-License-Identifier: Apache-2.0

// The connections of one loop: counted and ended together.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstddef>
#include <functional>
#include <list>

#include "core/base/log.h"

namespace glovebox::core {

class ConnectionGroup {
  public:
    // All members run on the executor's single thread, and so does `on_end`, which is called after
    // each connection's end.
    ConnectionGroup(boost::asio::any_io_executor executor, Log& log,
                    std::function<void()> on_end = {});

    // Starts a connection's work, a coroutine that ends by itself or when it is cancelled. An
    // exception from it is a bug and is logged.
    void spawn(boost::asio::awaitable<void> work);

    [[nodiscard]] std::size_t size() const { return signals_.size(); }

    // Returns when the last connection has ended. Cancels those that remain after `grace`.
    [[nodiscard]] boost::asio::awaitable<void> finish(std::chrono::milliseconds grace);

    // Cancels every connection.
    void cancel();

  private:
    boost::asio::any_io_executor executor_;
    Log& log_;
    std::function<void()> on_end_;
    std::list<boost::asio::cancellation_signal> signals_;
    boost::asio::steady_timer changed_;  // never fires; cancelled when a connection has ended
};

}  // namespace glovebox::core
