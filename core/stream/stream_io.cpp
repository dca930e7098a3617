// SPDX-License-Identifier: Apache-2.0

#include "core/stream/stream_io.h"

#include <sys/socket.h>

#include <array>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <utility>

#include "core/stream/asio_result.h"
#include "core/stream/timeout.h"

namespace glovebox::core {

namespace asio = boost::asio;

namespace {

// Of a call on the stream that returned -1.
Error last_failure() {
    const boost::system::error_code failure(errno, boost::system::system_category());
    return Error(failure, failure.message());
}

}  // namespace

asio::awaitable<Result<void>> turn(Stream& stream, Stream::Event event) {
    co_await asio::post(stream.get_executor(), asio::use_awaitable);
    const auto failure = co_await stream.ready(event);
    if (failure)
        co_return Error(failure, failure.message());
    co_return Result<void>();
}

asio::awaitable<Result<std::size_t>> read_some(Stream& stream, std::span<char> into) {
    while (true) {
        const auto ready = co_await turn(stream, Stream::Event::readable);
        if (!ready)
            co_return ready.error();
        const ssize_t got = ::recv(stream.native_handle(), into.data(), into.size(), MSG_DONTWAIT);
        if (got >= 0)
            co_return static_cast<std::size_t>(got);
        if (errno == EAGAIN || errno == EWOULDBLOCK)
            stream.watch().clear(Stream::Event::readable);
        else if (errno != EINTR)
            co_return last_failure();
    }
}

asio::awaitable<Result<std::size_t>> write_all(Stream& stream, std::string_view text) {
    std::size_t sent = 0;
    while (sent < text.size()) {
        const auto ready = co_await turn(stream, Stream::Event::writable);
        if (!ready)
            co_return ready.error();
        const ssize_t taken = ::send(stream.native_handle(), text.data() + sent, text.size() - sent,
                                     MSG_DONTWAIT | MSG_NOSIGNAL);
        if (taken >= 0)
            sent += static_cast<std::size_t>(taken);
        else if (errno == EAGAIN || errno == EWOULDBLOCK)
            stream.watch().clear(Stream::Event::writable);
        else if (errno != EINTR)
            co_return last_failure();
    }
    co_return sent;
}

namespace {

asio::awaitable<Result<std::size_t>> say_and_drain(Stream& stream, std::string_view text) {
    const auto said = co_await write_all(stream, text);
    if (!said)
        co_return said.error();
    stream.shutdown_send();
    std::array<char, 4096> dropped;
    while (true) {
        const auto got = co_await read_some(stream, dropped);
        if (!got || *got == 0)
            co_return got;
    }
}

}  // namespace

asio::awaitable<void> say_and_close(Stream stream, std::string text) {
    constexpr std::chrono::seconds patience{2};
    // Whatever comes of it, there is nothing more to do for this peer.
    static_cast<void>(co_await with_timeout(
        say_and_drain(stream, text), patience,
        Error(asio::error::make_error_code(asio::error::timed_out), "the peer did not close")));
}

}  // namespace glovebox::core
