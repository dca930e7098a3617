// SPDX-License-Identifier: Apache-2.0

#include "core/ingress/request_host.h"

#include <fmt/core.h>

#include <algorithm>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <utility>

#include "core/address/target.h"

namespace glovebox::core {
namespace {

namespace http = boost::beast::http;

// How HTTP/2 begins where both sides know that they speak it (RFC 9113 3.4).
constexpr std::string_view http2_preface = "PRI * HTTP/2.0\r\n";

std::string_view text_of(boost::beast::string_view text) {
    return {text.data(), text.size()};
}

// The authority of "http://example.com/path"; empty for a target in another form.
std::string_view absolute_authority(std::string_view target) {
    constexpr std::string_view separator = "://";
    const std::size_t scheme = target.find(separator);
    if (target.starts_with('/') || scheme == std::string_view::npos)
        return {};
    target.remove_prefix(scheme + separator.size());
    return target.substr(0, target.find_first_of("/?#"));
}

// A line that goes on in the next one: read as one line by some servers, as two by others.
bool has_folded_line(std::string_view head) {
    return head.find("\n ") != std::string_view::npos ||
           head.find("\n\t") != std::string_view::npos;
}

}  // namespace

RequestHostReader::State RequestHostReader::feed(std::string_view bytes) {
    while (state_ == State::needs_more && !bytes.empty()) {
        const std::size_t room = request_head_size_max - head_.size();
        const std::size_t newline = bytes.substr(0, room).find('\n');
        const bool is_line = newline != std::string_view::npos;
        const std::string_view piece =
            bytes.substr(0, is_line ? newline + 1 : std::min(room, bytes.size()));
        head_ += piece;
        bytes.remove_prefix(piece.size());
        if (is_line)
            take_line();
        if (state_ == State::needs_more && head_.size() == request_head_size_max)
            refuse(HttpStatus::head_too_large,
                   fmt::format("the head of the request has more than {} bytes",
                               request_head_size_max));
    }
    return state_;
}

void RequestHostReader::take_line() {
    if (!head_.ends_with("\r\n"))
        return refuse(HttpStatus::bad_request,
                      "a line ends in LF alone: CR LF was expected, in each line of the head");
    if (head_ == http2_preface) {
        state_ = State::complete;
        return;
    }
    // Of another protocol no further line may come.
    if (!std::exchange(seen_request_line_, true) && head_.find(" HTTP/") == std::string::npos)
        return refuse(HttpStatus::bad_request, "the first line is not a request of HTTP");
    if (head_.ends_with("\r\n\r\n"))
        take_head();
}

void RequestHostReader::take_head() {
    const std::string head = std::exchange(head_, {});
    http::request_parser<http::empty_body> parser;
    boost::system::error_code failure;
    parser.put(boost::asio::buffer(head), failure);
    if (failure == http::error::bad_version)
        return refuse(HttpStatus::version_not_supported,
                      "the version is not spoken here: HTTP/1.1 was expected");
    if (failure || !parser.is_header_done())
        return refuse(HttpStatus::bad_request,
                      fmt::format("this is not a request of HTTP/1.1: {}", failure.message()));
    if (has_folded_line(head))
        return refuse(HttpStatus::bad_request,
                      "a line begins with a blank: folded header fields are not read any more (RFC "
                      "9112 5.2)");
    const auto& request = parser.get();
    if (request.method() == http::verb::connect)
        return refuse(HttpStatus::bad_request,
                      "CONNECT asks for a proxy, and this port leads to servers");
    const std::size_t hosts = request.count(http::field::host);
    if (hosts > 1)
        return refuse(HttpStatus::bad_request, "there are two Host fields, one was expected");
    constexpr unsigned http_1_1 = 11;
    if (hosts == 0 && request.version() == http_1_1)
        return refuse(HttpStatus::bad_request, "there is no Host field, which HTTP/1.1 requires");
    state_ = State::complete;
    const std::string_view authority = absolute_authority(text_of(request.target()));
    take_authority(authority.empty() ? text_of(request[http::field::host]) : authority);
}

void RequestHostReader::take_authority(std::string_view authority) {
    if (authority.empty())
        return;
    const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
    const std::size_t colon = authority.find(':', authority.find(']') + 1);
    std::string_view host = authority.substr(0, colon);
    const std::string_view port =
        colon == std::string_view::npos ? "" : authority.substr(colon + 1);
    const bool is_port = std::all_of(port.begin(), port.end(), is_digit);
    const bool is_bracketed = host.starts_with('[') && host.ends_with(']');
    if (is_bracketed)
        host = host.substr(1, host.size() - 2);
    auto parsed = parse_host(host);
    if (!is_port || !parsed || is_bracketed != (host.find(':') != std::string_view::npos))
        return refuse(HttpStatus::bad_request,
                      fmt::format("the host \"{}\" of the request is not a name and not an address",
                                  authority));
    if (auto* name = std::get_if<HostName>(&*parsed))
        name_ = std::move(*name);
}

void RequestHostReader::refuse(HttpStatus status, std::string sentence) {
    state_ = State::refused;
    head_.clear();
    name_.reset();
    refusal_ = {status, "http_request_error", std::move(sentence)};
}

}  // namespace glovebox::core
