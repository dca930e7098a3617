// SPDX-License-Identifier: Apache-2.0

#include "core/stream_io.h"

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/write.hpp>

#include "core/asio_result.h"
#include "core/timeout.h"

namespace glovebox::core {

namespace asio = boost::asio;

asio::awaitable<Result<std::size_t>> read_some(Stream& stream, std::span<char> into) {
    const auto [failure, size] =
        co_await stream.async_receive(asio::buffer(into.data(), into.size()), as_result);
    if (failure == asio::error::eof)
        co_return std::size_t{0};
    if (failure)
        co_return Error(failure, failure.message());
    co_return size;
}

asio::awaitable<Result<std::size_t>> write_all(Stream& stream, std::string_view text) {
    const auto [failure, size] =
        co_await asio::async_write(stream, asio::buffer(text.data(), text.size()), as_result);
    if (failure)
        co_return Error(failure, failure.message());
    co_return size;
}

namespace {

asio::awaitable<Result<std::size_t>> say_and_drain(Stream& stream, std::string_view text) {
    const auto said = co_await write_all(stream, text);
    if (!said)
        co_return said.error();
    boost::system::error_code failure;
    stream.shutdown(asio::socket_base::shutdown_send, failure);
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
