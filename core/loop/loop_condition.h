// SPDX-License-Identifier: Apache-2.0

// A condition variable for coroutines, which may be of different loops.
//
//   std::unique_lock lock(mutex);
//   while (!is_so)
//       co_await condition.wait(lock);
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <list>
#include <memory>
#include <mutex>

namespace glovebox::core {

class LoopCondition {
  public:
    using Time = boost::asio::steady_timer::time_point;

    // Returns true after notify_all(), and false if it was cancelled or `until` has passed. `lock`
    // is of the mutex that guards the condition: it is locked before and after, and not meanwhile.
    // Await it at once, not beside another wait.
    [[nodiscard]] boost::asio::awaitable<bool> wait(std::unique_lock<std::mutex>& lock,
                                                    Time until = Time::max());

    // Ends all waits that have begun. Call it with the mutex locked, from any thread.
    void notify_all();

  private:
    struct Waiter {
        Waiter(const boost::asio::any_io_executor& executor, Time until) : timer(executor, until) {}

        boost::asio::steady_timer timer;
        bool is_notified = false;
    };
    std::list<std::shared_ptr<Waiter>> waiters_;
};

}  // namespace glovebox::core
