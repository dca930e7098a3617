// SPDX-License-Identifier: Apache-2.0

// HTTP messages on streams: Beast's parser and serializer, which know no sockets, with the bytes
// that they need.
#pragma once

#include <fmt/core.h>

#include <array>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/beast/core/buffers_range.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/serializer.hpp>
#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/error.h"
#include "core/relay/traffic_counts.h"
#include "core/stream/stream_io.h"

namespace glovebox::core {

// Of a body, so much is read and written at a time.
inline constexpr std::size_t body_block_bytes = 32 * 1024;

// What came from a stream and is not parsed yet.
class MessageSource {
  public:
    // A head, or a chunk's line with what precedes it, is not longer.
    static constexpr std::size_t unread_bytes_max = 96 * 1024;

    MessageSource(Stream& stream, std::string unread)
        : stream_(stream), unread_(std::move(unread)) {}

    [[nodiscard]] std::string_view unread() const { return unread_; }
    void consume(std::size_t bytes) { unread_.erase(0, bytes); }
    [[nodiscard]] std::string take_unread() { return std::move(unread_); }
    [[nodiscard]] std::chrono::steady_clock::time_point last_read() const { return last_read_; }

    // Reads more; false at the end of the stream. Errors: errno's, and Beast's header_limit if what
    // is unread is too long already.
    [[nodiscard]] boost::asio::awaitable<Result<bool>> more() {
        const std::size_t had = unread_.size();
        if (had >= unread_bytes_max)
            co_return Error(make_error_code(boost::beast::http::error::header_limit),
                            "a line or a head is too long");
        unread_.resize(had + std::min(body_block_bytes, unread_bytes_max - had));
        const auto got = co_await read_some(stream_, std::span(unread_).subspan(had));
        unread_.resize(had + (got ? *got : 0));
        if (!got)
            co_return got.error();
        last_read_ = std::chrono::steady_clock::now();
        co_return *got > 0;
    }

  private:
    Stream& stream_;
    std::string unread_;
    std::chrono::steady_clock::time_point last_read_ = std::chrono::steady_clock::now();
};

// One message that is read: its head, then its body by blocks.
template <bool is_request>
class MessageReader {
  public:
    using Parser = boost::beast::http::parser<is_request, boost::beast::http::buffer_body>;

    explicit MessageReader(MessageSource& source) : source_(source) {
        parser_.body_limit(boost::none);
        parser_.header_limit(head_bytes_max);
    }
    MessageReader(const MessageReader&) = delete;
    MessageReader& operator=(const MessageReader&) = delete;

    [[nodiscard]] Parser& parser() { return parser_; }
    [[nodiscard]] const auto& message() const { return parser_.get(); }

    // Of a head that is there as a whole, apart from the stream. Errors: Beast's.
    [[nodiscard]] Result<void> take_head(std::string_view head) {
        while (!parser_.is_header_done()) {
            boost::system::error_code failure;
            head.remove_prefix(parser_.put(boost::asio::buffer(head.data(), head.size()), failure));
            if (failure)
                return Error(failure, failure.message());
        }
        return {};
    }

    // Errors: Beast's; end_of_stream if not one byte came; errno's.
    [[nodiscard]] boost::asio::awaitable<Result<void>> read_head() {
        while (!parser_.is_header_done()) {
            const auto step = co_await advance();
            if (!step)
                co_return step.error();
        }
        co_return Result<void>();
    }

    // The next part of the body, which stays until the next call; empty behind the last one.
    // Errors: partial_message if the stream ended before the body; Beast's; errno's.
    [[nodiscard]] boost::asio::awaitable<Result<std::span<const char>>> read_body() {
        if (block_.empty() && !parser_.is_done())
            block_.resize(body_block_bytes);
        auto& body = parser_.get().body();
        body.data = block_.data();
        body.size = block_.size();
        while (!parser_.is_done() && body.size == block_.size()) {
            const auto step = co_await advance();
            if (!step)
                co_return step.error();
        }
        co_return std::span<const char>(block_).first(block_.size() - body.size);
    }

  private:
    static constexpr std::uint32_t head_bytes_max = 64 * 1024;

    // Parses what is unread, or reads if that isn't enough.
    [[nodiscard]] boost::asio::awaitable<Result<void>> advance() {
        namespace http = boost::beast::http;
        boost::system::error_code failure = http::error::need_more;
        const std::string_view unread = source_.unread();
        if (!unread.empty())
            source_.consume(
                parser_.put(boost::asio::buffer(unread.data(), unread.size()), failure));
        if (!failure || failure == http::error::need_buffer)
            co_return Result<void>();
        if (failure != http::error::need_more)
            co_return Error(failure, failure.message());
        const auto more = co_await source_.more();
        if (!more)
            co_return more.error();
        if (*more)
            co_return Result<void>();
        if (!parser_.got_some())
            co_return Error(make_error_code(http::error::end_of_stream), "the stream has ended");
        parser_.put_eof(failure);
        if (failure)
            co_return Error(failure, failure.message());
        co_return Result<void>();
    }

    MessageSource& source_;
    Parser parser_;
    std::vector<char> block_;
};

// One message that is written: its head, then its body by blocks.
template <bool is_request>
class MessageWriter {
  public:
    using Message = boost::beast::http::message<is_request, boost::beast::http::buffer_body>;

    // Adds the bytes that the stream's kernel took to `traffic`: a request is the client's.
    MessageWriter(Stream& stream, Message message, TrafficCounts& traffic)
        : stream_(stream), message_(std::move(message)), traffic_(traffic) {
        serializer_.split(true);
        message_.body().data = nullptr;
        message_.body().more = true;
    }
    MessageWriter(const MessageWriter&) = delete;
    MessageWriter& operator=(const MessageWriter&) = delete;

    [[nodiscard]] boost::asio::awaitable<Result<void>> write_head() {
        std::string text;
        while (!serializer_.is_header_done())
            static_cast<void>(serialize(text));
        return write(std::move(text));
    }

    [[nodiscard]] boost::asio::awaitable<Result<void>> write_body(std::span<const char> block) {
        // Beast's type for both directions; the serializer only reads.
        message_.body().data = const_cast<char*>(block.data());
        message_.body().size = block.size();
        std::string text;
        while (serialize(text)) {
        }
        return write(std::move(text));
    }

    // What ends a chunked body; of another one, nothing.
    [[nodiscard]] boost::asio::awaitable<Result<void>> write_end() {
        message_.body().data = nullptr;
        message_.body().more = false;
        std::string text;
        while (message_.chunked() && !serializer_.is_done())
            static_cast<void>(serialize(text));
        return write(std::move(text));
    }

  private:
    // Appends the next piece. Returns false if that takes more of the body.
    [[nodiscard]] bool serialize(std::string& text) {
        boost::system::error_code failure;
        std::size_t size = 0;
        serializer_.next(failure, [&](boost::system::error_code& visited, const auto& buffers) {
            visited = {};
            for (const auto buffer : boost::beast::buffers_range_ref(buffers)) {
                text.append(static_cast<const char*>(buffer.data()), buffer.size());
                size += buffer.size();
            }
        });
        if (failure)
            return false;
        serializer_.consume(size);
        return true;
    }

    [[nodiscard]] boost::asio::awaitable<Result<void>> write(std::string text) {
        if (traffic_.first_bytes != nullptr)
            traffic_.first_bytes->take(
                is_request ? FirstBytes::From::client : FirstBytes::From::target, as_bytes(text));
        const auto sent = co_await write_all(stream_, text);
        if (!sent)
            co_return sent.error();
        (is_request ? traffic_.from_client : traffic_.from_target).add(*sent);
        co_return Result<void>();
    }

    Stream& stream_;
    Message message_;
    boost::beast::http::serializer<is_request, boost::beast::http::buffer_body> serializer_{
        message_};
    TrafficCounts& traffic_;
};

}  // namespace glovebox::core
