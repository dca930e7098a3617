// SPDX-License-Identifier: Apache-2.0

#include "examples/attested-secret/message.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <boost/system/errc.hpp>
#include <span>

#include "core/base/json_reader.h"
#include "core/base/json_text.h"
#include "core/base/printable.h"
#include "core/stream/stream_io.h"

namespace glovebox::example {

namespace asio = boost::asio;

namespace {

Error bad_message(std::string sentence) {
    return Error(make_error_code(boost::system::errc::bad_message), std::move(sentence));
}

}  // namespace

asio::awaitable<Result<void>> MessageChannel::send(const boost::json::object& message) {
    const std::string line = json_text(message) + "\n";
    const auto sent = co_await core::write_all(stream_, line);
    if (!sent)
        co_return Error(sent.error()).in("sending a message to the peer");
    co_return Result<void>();
}

asio::awaitable<Result<boost::json::object>> MessageChannel::receive() {
    std::size_t length = buffer_.find('\n');
    while (length == std::string::npos) {
        if (buffer_.size() >= message_bytes_max)
            co_return bad_message(
                fmt::format("the peer's message is longer than {} bytes", message_bytes_max));
        std::array<char, 4096> piece;
        const auto got = co_await core::read_some(
            stream_,
            std::span(piece).first(std::min(piece.size(), message_bytes_max - buffer_.size())));
        if (!got)
            co_return Error(got.error()).in("receiving a message from the peer");
        if (*got == 0 && buffer_.empty())
            co_return boost::json::object();
        if (*got == 0)
            co_return bad_message("the peer's last message has no end of line");
        buffer_.append(piece.data(), *got);
        length = buffer_.find('\n');
    }
    const std::string line = buffer_.substr(0, length);
    buffer_.erase(0, length + 1);
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
