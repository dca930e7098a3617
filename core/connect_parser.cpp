// SPDX-License-Identifier: Apache-2.0

#include "core/connect_parser.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "core/base/ascii.h"

namespace glovebox::core {
namespace {

// RFC 9110 5.6.2.
bool is_token_character(char c) {
    if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))
        return true;
    return std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos && c != '\0';
}

bool is_token(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), is_token_character);
}

// RFC 9110 5.5: visible characters, blanks and tabs, and bytes above ASCII.
bool is_field_character(char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte == '\t' || (byte >= 0x20 && byte != 0x7f);
}

std::string_view trimmed(std::string_view text) {
    const std::size_t first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos)
        return {};
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

// A TLS record of type handshake, version 3.x: a client that takes the proxy for a TLS server.
bool begins_like_tls(std::string_view line) {
    return line.size() >= 2 && line[0] == '\x16' && line[1] == '\x03';
}

}  // namespace

ConnectParser::State ConnectParser::feed(std::string_view bytes) {
    while (state_ == State::needs_more && !bytes.empty()) {
        const std::size_t room = connect_head_size_max - size_;
        const std::size_t newline = bytes.substr(0, room).find('\n');
        const bool whole = newline != std::string_view::npos;
        const std::string_view piece =
            bytes.substr(0, whole ? newline + 1 : std::min(room, bytes.size()));
        line_ += piece;
        size_ += piece.size();
        bytes.remove_prefix(piece.size());
        if (!seen_request_ && begins_like_tls(line_)) {
            refuse(HttpStatus::bad_request,
                   "this is the beginning of TLS, and plain HTTP was expected: write http:// and "
                   "not https:// in HTTPS_PROXY (what passes through is encrypted all the same)");
        } else if (whole && !line_.ends_with("\r\n")) {
            refuse(HttpStatus::bad_request,
                   "a line ends in LF alone: CR LF was expected, in each line of the head");
        } else if (whole) {
            const std::string line = std::exchange(line_, {});
            take_line(std::string_view(line).substr(0, line.size() - 2));
        }
        if (state_ == State::needs_more && size_ == connect_head_size_max)
            refuse(HttpStatus::head_too_large,
                   fmt::format("the head of the request has more than {} bytes",
                               connect_head_size_max));
    }
    if (state_ == State::complete)
        early_ += bytes;
    return state_;
}

void ConnectParser::take_line(std::string_view line) {
    if (!std::all_of(line.begin(), line.end(), is_field_character))
        return refuse(HttpStatus::bad_request,
                      "there is a control character in the head of the request");
    if (!seen_request_) {
        seen_request_ = true;
        return take_request_line(line);
    }
    if (line.empty()) {
        state_ = State::complete;
        return;
    }
    take_field(line);
}

void ConnectParser::take_request_line(std::string_view line) {
    const std::size_t first = line.find(' ');
    const std::size_t last = line.rfind(' ');
    const std::string_view method = line.substr(0, first);
    if (first == last || first == std::string_view::npos || !is_token(method) ||
        line.find(' ', first + 1) != last)
        return refuse(HttpStatus::bad_request,
                      "the first line is not a request: CONNECT example.com:443 HTTP/1.1 was "
                      "expected");
    const std::string_view version = line.substr(last + 1);
    if (version != "HTTP/1.1" && version != "HTTP/1.0")
        return refuse(
            version.starts_with("HTTP/") ? HttpStatus::version_not_supported
                                         : HttpStatus::bad_request,
            fmt::format("the version \"{}\" is not spoken here: HTTP/1.1 was expected", version));
    if (method != "CONNECT")
        return refuse(
            HttpStatus::method_not_allowed,
            fmt::format("the method is {}, and only CONNECT is served: this proxy carries "
                        "https:// through a tunnel; for plain http:// give the proxy a "
                        "listener with a fixed target",
                        method));
    take_authority(line.substr(first + 1, last - first - 1));
}

// RFC 9112 3.2.3: host and port, and nothing else.
void ConnectParser::take_authority(std::string_view authority) {
    if (authority.find('@') != std::string_view::npos)
        return refuse(HttpStatus::bad_request,
                      "there is a user name in the target: HOST:PORT alone was expected");
    if (authority.find('/') != std::string_view::npos)
        return refuse(
            HttpStatus::bad_request,
            fmt::format("the target \"{}\" is a URL: CONNECT takes HOST:PORT alone", authority));
    auto target = parse_target(authority);
    if (!target)
        return refuse(HttpStatus::bad_request, target.error().message);
    target_ = std::move(*target);
}

void ConnectParser::take_field(std::string_view line) {
    if (line.front() == ' ' || line.front() == '\t')
        return refuse(HttpStatus::bad_request,
                      "a line begins with a blank: folded header fields are not read any more (RFC "
                      "9112 5.2)");
    const std::size_t colon = line.find(':');
    const std::string_view name = line.substr(0, colon);
    if (colon == std::string_view::npos || !is_token(name))
        return refuse(HttpStatus::bad_request,
                      "a line is not a header field: NAME: VALUE was expected, with no blank "
                      "before the colon");
    const std::string_view value = trimmed(line.substr(colon + 1));
    if (equals_ignoring_case(name, "transfer-encoding"))
        return refuse(HttpStatus::bad_request,
                      "there is a Transfer-Encoding: a CONNECT request has no body");
    if (equals_ignoring_case(name, "content-length")) {
        if (seen_length_ || value != "0")
            return refuse(
                HttpStatus::bad_request,
                "there is a Content-Length other than one 0: a CONNECT request has no body");
        seen_length_ = true;
    }
    if (equals_ignoring_case(name, "host")) {
        if (seen_host_)
            return refuse(HttpStatus::bad_request, "there are two Host fields, one was expected");
        seen_host_ = true;
    }
}

void ConnectParser::refuse(HttpStatus status, std::string sentence) {
    state_ = State::refused;
    line_.clear();
    refusal_ = {status, "http_request_error", std::move(sentence)};
}

}  // namespace glovebox::core
