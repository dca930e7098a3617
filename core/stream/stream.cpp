// SPDX-License-Identifier: Apache-2.0

#include "core/stream/stream.h"

#include <sys/socket.h>

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <memory>
#include <utility>

#include "core/stream/asio_result.h"

namespace glovebox::core {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

// A coroutine that waits. It owns itself from start() to the wait's end.
template <class Handler>
class CoroutineWait final : public Readiness::Waiter {
  public:
    static void start(Readiness::Watch& watch, Readiness::Event event, Handler handler) {
        auto* const wait = new CoroutineWait(std::move(handler));
        if (auto slot = asio::get_associated_cancellation_slot(wait->handler_); slot.is_connected())
            slot.assign([&watch, event](asio::cancellation_type) { watch.cancel(event); });
        watch.wait(event, *wait);
    }

    void on_ready(error_code failure) override {
        const std::unique_ptr<CoroutineWait> self(this);
        asio::get_associated_cancellation_slot(handler_).clear();
        const auto executor = asio::get_associated_executor(handler_);
        asio::post(executor, [handler = std::move(handler_), failure]() mutable {
            std::move(handler)(failure);
        });
    }

    void on_abandoned() override { delete this; }

  private:
    explicit CoroutineWait(Handler handler) : handler_(std::move(handler)) {}

    Handler handler_;
};

}  // namespace

Result<Stream> Stream::make(const asio::any_io_executor& executor, UniqueFd socket,
                            bool connecting) {
    auto watch = Readiness::of(executor).watch(socket.get(), connecting);
    if (!watch)
        return watch.error();
    return Stream(executor, std::move(socket), std::move(*watch));
}

Stream& Stream::operator=(Stream&& other) noexcept {
    if (this == &other)
        return *this;
    close();
    executor_ = std::move(other.executor_);
    socket_ = std::move(other.socket_);
    watch_ = std::move(other.watch_);
    return *this;
}

void Stream::shutdown_send() {
    static_cast<void>(::shutdown(socket_.get(), SHUT_WR));
}

void Stream::shutdown_both() {
    static_cast<void>(::shutdown(socket_.get(), SHUT_RDWR));
}

void Stream::reset_when_closed() {
    const linger at_once{.l_onoff = 1, .l_linger = 0};
    static_cast<void>(::setsockopt(socket_.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once));
}

// First the wait's end, since its number may be another socket's after the close.
void Stream::close() {
    watch_.end();
    socket_.reset();
}

UniqueFd Stream::release() {
    watch_.end();
    return std::move(socket_);
}

asio::awaitable<error_code> Stream::ready(Event event) {
    return core::ready(watch_, event);
}

int Stream::connect_result() const {
    int result = 0;
    socklen_t size = sizeof result;
    return ::getsockopt(socket_.get(), SOL_SOCKET, SO_ERROR, &result, &size) == 0 ? result : errno;
}

asio::awaitable<error_code> ready(Readiness::Watch& watch, Readiness::Event event) {
    if (!watch)
        co_return make_error_code(asio::error::operation_aborted);
    if (watch.is(event))
        co_return error_code();
    auto initiate = [&watch, event](auto handler) {
        CoroutineWait<decltype(handler)>::start(watch, event, std::move(handler));
    };
    const auto [failure] =
        co_await asio::async_initiate<decltype(as_result), void(error_code)>(initiate, as_result);
    co_return failure;
}

}  // namespace glovebox::core
