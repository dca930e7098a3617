// SPDX-License-Identifier: Apache-2.0

#include "core/loop/loop_condition.h"

#include <boost/asio/dispatch.hpp>

#include "core/stream/asio_result.h"

namespace glovebox::core {

namespace asio = boost::asio;

asio::awaitable<bool> LoopCondition::wait(std::unique_lock<std::mutex>& lock, Time until) {
    const auto waiter = std::make_shared<Waiter>(co_await asio::this_coro::executor, until);
    waiters_.push_back(waiter);
    lock.unlock();
    co_await waiter->timer.async_wait(as_result);
    lock.lock();
    std::erase(waiters_, waiter);
    co_return waiter->is_notified;
}

// A timer is its loop's: another thread has it cancelled there, after the wait has begun.
void LoopCondition::notify_all() {
    for (const std::shared_ptr<Waiter>& waiter : waiters_) {
        waiter->is_notified = true;
        asio::dispatch(waiter->timer.get_executor(), [waiter] { waiter->timer.cancel(); });
    }
    waiters_.clear();
}

}  // namespace glovebox::core
