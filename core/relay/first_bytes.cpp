// SPDX-License-Identifier: Apache-2.0

#include "core/relay/first_bytes.h"

#include <fmt/core.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "core/base/bytes.h"
#include "core/base/counted.h"
#include "core/base/printable.h"

namespace glovebox::core {
namespace {

constexpr std::size_t line_bytes_max = 200;

// "GET /secret HTTP/1.1", "HTTP/1.1 200 OK"; empty if the text does not begin with such a line.
std::string_view http_line(std::string_view text) {
    const std::string_view line = text.substr(0, text.find_first_of("\r\n"));
    if (line.starts_with("HTTP/1."))
        return line;
    const auto end = line.rfind(' ');
    if (line.size() == text.size() || end == line.npos ||
        !line.substr(end + 1).starts_with("HTTP/1."))
        return {};
    const std::string_view method = line.substr(0, line.find(' '));
    const bool is_token = !method.empty() && std::all_of(method.begin(), method.end(), [](char c) {
        return (c >= 'A' && c <= 'Z') || c == '-';
    });
    return is_token ? line : std::string_view();
}

// A record of a handshake (RFC 8446 5.1).
bool is_tls(std::string_view text) {
    return text.starts_with("\x16\x03");
}

}  // namespace

FirstBytes::FirstBytes(std::size_t bytes, Tell tell)
    : bytes_(std::min(bytes, bytes_max)), tell_(std::move(tell)) {}

void FirstBytes::take(From from, std::span<const std::uint8_t> bytes) {
    std::uint64_t& told = from == From::client ? from_client_ : from_target_;
    bytes = bytes.first(std::min<std::size_t>(bytes.size(), bytes_ - told));
    while (!bytes.empty()) {
        const auto piece = bytes.first(std::min(bytes.size(), piece_bytes_max));
        tell_({from, std::exchange(told, told + piece.size()), piece});
        bytes = bytes.subspan(piece.size());
    }
}

std::string_view way_of(const FirstBytes::Piece& piece) {
    return piece.from == FirstBytes::From::client ? "sent" : "received";
}

std::string describe(const FirstBytes::Piece& piece) {
    const std::string count = counted(piece.bytes.size(), "byte");
    if (piece.offset > 0)
        return fmt::format("{} from offset {}", count, piece.offset);
    const std::string_view text = as_text(piece.bytes);
    if (is_tls(text))
        return count + " of TLS";
    const std::string_view line = http_line(text);
    return line.empty() ? count : fmt::format("{}: {}", count, glovebox::cut(line, line_bytes_max));
}

}  // namespace glovebox::core
