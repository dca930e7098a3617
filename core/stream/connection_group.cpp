// SPDX-License-Identifier: Apache-2.0

#include "core/stream/connection_group.h"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <exception>
#include <utility>

#include "core/stream/asio_result.h"

namespace glovebox::core {

namespace asio = boost::asio;
using std::chrono::steady_clock;

ConnectionGroup::ConnectionGroup(asio::any_io_executor executor, Log& log,
                                 std::function<void()> on_end)
    : executor_(std::move(executor)),
      log_(log),
      on_end_(std::move(on_end)),
      changed_(executor_, steady_clock::time_point::max()) {}

void ConnectionGroup::spawn(asio::awaitable<void> work) {
    const auto signal = signals_.emplace(signals_.end());
    const auto ended = [this, signal](const std::exception_ptr& thrown) {
        try {
            if (thrown)
                std::rethrow_exception(thrown);
        } catch (const std::exception& bug) {
            log_.error("bug", "a connection ended by an exception: {}", field("error", bug.what()));
        }
        signals_.erase(signal);
        changed_.cancel();
        if (on_end_)
            on_end_();
    };
    asio::co_spawn(executor_, std::move(work), asio::bind_cancellation_slot(signal->slot(), ended));
}

asio::awaitable<void> ConnectionGroup::finish(std::chrono::milliseconds grace) {
    asio::steady_timer patience(executor_, grace);
    patience.async_wait([this](const boost::system::error_code& failure) {
        if (!failure)
            cancel();
    });
    while (!signals_.empty())
        co_await changed_.async_wait(as_result);
}

void ConnectionGroup::cancel() {
    for (auto& signal : signals_)
        signal.emit(asio::cancellation_type::terminal);
}

}  // namespace glovebox::core
