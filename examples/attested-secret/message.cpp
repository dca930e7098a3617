// SPDX-License-Identifier: Apache-2.0

#include "examples/attested-secret/message.h"

#include <fmt/core.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/system/errc.hpp>

#include "core/base/json_reader.h"
#include "core/base/json_text.h"
#include "core/base/printable.h"

namespace glovebox::example {

namespace asio = boost::asio;

namespace {

Error bad_message(std::string sentence) {
    return Error(make_error_code(boost::system::errc::bad_message), std::move(sentence));
}

}  // namespace

asio::awaitable<Result<void>> MessageChannel::send(const boost::json::object& message) {
    const std::string line = json_text(message) + "\n";
    boost::system::error_code error;
    co_await asio::async_write(stream_, asio::buffer(line),
                               asio::redirect_error(asio::use_awaitable, error));
    if (error)
        co_return Error(error, "sending a message to the peer: " + error.message());
    co_return Result<void>();
}

asio::awaitable<Result<boost::json::object>> MessageChannel::receive() {
    boost::system::error_code error;
    const std::size_t length =
        co_await asio::async_read_until(stream_, asio::dynamic_buffer(buffer_, message_bytes_max),
                                        '\n', asio::redirect_error(asio::use_awaitable, error));
    if (error == asio::error::eof && buffer_.empty())
        co_return boost::json::object();
    if (error == asio::error::not_found)
        co_return bad_message(
            fmt::format("the peer's message is longer than {} bytes", message_bytes_max));
    if (error)
        co_return Error(error, "receiving a message from the peer: " + error.message());
    const std::string line = buffer_.substr(0, length);
    buffer_.erase(0, length);
    auto value = read_json(line);
    if (!value || !value->is_object())
        co_return bad_message("the peer's message is not one JSON object on a line: " +
                              shown(line));
    if (const auto* refusal = value->as_object().if_contains("error");
        refusal != nullptr && refusal->is_string())
        co_return bad_message(shown(*refusal->if_string(), message_bytes_max));
    co_return std::move(value->as_object());
}

Result<std::string> text_member(const boost::json::object& message, std::string_view name) {
    const auto* value = message.if_contains(name);
    if (value == nullptr || !value->is_string())
        return bad_message(fmt::format("the message {} lacks the text member \"{}\"",
                                       shown(json_text(message)), name));
    return std::string(value->get_string());
}

Result<Bytes> hex_member(const boost::json::object& message, std::string_view name) {
    const auto text = text_member(message, name);
    if (!text)
        return text.error();
    auto bytes = from_hex(*text);
    if (!bytes)
        return bytes.error().in(fmt::format("member \"{}\" of the message", name));
    return bytes;
}

}  // namespace glovebox::example
