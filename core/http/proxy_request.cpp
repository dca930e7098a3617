// SPDX-License-Identifier: Apache-2.0

#include "core/http/proxy_request.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "core/address/port_list.h"
#include "core/base/ascii.h"
#include "core/http/rule_question.h"

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

bool is_number(std::string_view text) {
    constexpr std::size_t digits_max = 18;  // fits into 64 bits
    return !text.empty() && text.size() <= digits_max &&
           text.find_first_not_of("0123456789") == std::string_view::npos;
}

std::string_view scheme_of(std::string_view uri) {
    const std::size_t end = uri.find("://");
    return end == std::string_view::npos ? std::string_view() : uri.substr(0, end);
}

}  // namespace

ProxyRequest::State ProxyRequest::feed(std::string_view bytes) {
    while (state_ == State::needs_more && !bytes.empty()) {
        const std::size_t room = size_max() - head_.size();
        const std::size_t newline = bytes.substr(0, room).find('\n');
        const bool whole = newline != std::string_view::npos;
        const std::string_view piece =
            bytes.substr(0, whole ? newline + 1 : std::min(room, bytes.size()));
        head_ += piece;
        bytes.remove_prefix(piece.size());
        if (begins_like_tls(head_)) {
            refuse(HttpStatus::bad_request,
                   "this is the beginning of TLS, and plain HTTP was expected: write http:// and "
                   "not https:// in HTTPS_PROXY (what passes through is encrypted all the same)");
        } else if (whole && !line().ends_with("\r\n")) {
            refuse(HttpStatus::bad_request,
                   "a line ends in LF alone: CR LF was expected, in each line of the head");
        } else if (whole) {
            take_line(line().substr(0, line().size() - 2));
            line_ = head_.size();
        }
        if (state_ == State::needs_more && head_.size() >= size_max())
            refuse(HttpStatus::head_too_large,
                   fmt::format("the head of the request has more than {} bytes", size_max()));
    }
    if (state_ == State::complete)
        early_ += bytes;
    return state_;
}

// What could be the beginning of CONNECT counts as one.
std::size_t ProxyRequest::size_max() const {
    constexpr std::string_view connect = "CONNECT ";
    const std::string_view begin = std::string_view(head_).substr(0, connect.size());
    return connect.starts_with(begin) ? connect_head_size_max : exchange_head_size_max;
}

void ProxyRequest::take_line(std::string_view line) {
    if (!std::all_of(line.begin(), line.end(), is_field_character))
        return refuse(HttpStatus::bad_request,
                      "there is a control character in the head of the request");
    if (method_.empty())
        return take_request_line(line);
    if (line.empty())
        return take_end();
    take_field(line);
}

void ProxyRequest::take_request_line(std::string_view line) {
    const std::size_t first = line.find(' ');
    const std::size_t last = line.rfind(' ');
    const std::string_view method = line.substr(0, first);
    if (first == last || first == std::string_view::npos || !is_token(method) ||
        line.find(' ', first + 1) != last)
        return refuse(HttpStatus::bad_request,
                      "the first line is not a request: CONNECT example.com:443 HTTP/1.1 or GET "
                      "http://example.com/ HTTP/1.1 was expected");
    const std::string_view version = line.substr(last + 1);
    if (version != "HTTP/1.1" && version != "HTTP/1.0")
        return refuse(
            version.starts_with("HTTP/") ? HttpStatus::version_not_supported
                                         : HttpStatus::bad_request,
            fmt::format("the version \"{}\" is not spoken here: HTTP/1.1 was expected", version));
    is_http_1_0_ = version == "HTTP/1.0";
    method_ = method;
    // It sends a request's fields back, the client's secrets among them.
    if (method == "TRACE")
        return refuse(HttpStatus::method_not_allowed, "the proxy does not carry TRACE");
    const std::string_view target = line.substr(first + 1, last - first - 1);
    if (is_tunnel())
        take_authority(target);
    else
        take_uri(target);
}

// RFC 9112 3.2.3: host and port, and nothing else.
void ProxyRequest::take_authority(std::string_view authority) {
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

// RFC 9112 3.2.2: a URL with its scheme and host.
void ProxyRequest::take_uri(std::string_view uri) {
    const std::string_view scheme = scheme_of(uri);
    if (equals_ignoring_case(scheme, "https"))
        return refuse(HttpStatus::bad_request,
                      "a proxy reaches https:// through a tunnel, and the client asked it to fetch "
                      "the URL: it has to send CONNECT HOST:443, as programs do for HTTPS_PROXY");
    if (scheme.empty())
        return refuse(HttpStatus::bad_request,
                      fmt::format("\"{}\" does not name a host: this is a proxy, which takes "
                                  "{} http://HOST/PATH or CONNECT HOST:PORT. Give its address to "
                                  "the client as http_proxy and HTTPS_PROXY, not as the server",
                                  uri, method_));
    if (!equals_ignoring_case(scheme, "http"))
        return refuse(HttpStatus::bad_request,
                      fmt::format("the proxy fetches http:// alone, not {}://", scheme));
    const std::string_view rest = uri.substr(scheme.size() + std::string_view("://").size());
    const std::size_t end = std::min(rest.find_first_of("/?#"), rest.size());
    const std::string_view authority = rest.substr(0, end);
    const std::string_view path = rest.substr(end);
    if (authority.find('@') != std::string_view::npos)
        return refuse(HttpStatus::bad_request,
                      "there is a user name in the URL: http://HOST/PATH was expected");
    if (path.find('#') != std::string_view::npos)
        return refuse(HttpStatus::bad_request,
                      "there is a fragment (#) in the URL, which no client sends");
    const std::size_t colon = authority.rfind(':');
    const bool has_port = colon != std::string_view::npos && !authority.ends_with(']');
    const bool is_empty = has_port && colon + 1 == authority.size();
    auto target = parse_target(has_port ? fmt::format("{}{}", authority, is_empty ? "80" : "")
                                        : fmt::format("{}:80", authority));
    if (!target)
        return refuse(HttpStatus::bad_request, target.error().message);
    target_ = std::move(*target);
    if (path.empty() && method_ == "OPTIONS")
        origin_form_ = "*";
    else
        origin_form_ = fmt::format("{}{}", path.starts_with('/') ? "" : "/", path);
}

void ProxyRequest::take_field(std::string_view line) {
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
    if (equals_ignoring_case(name, "transfer-encoding")) {
        if (is_tunnel())
            return refuse(HttpStatus::bad_request,
                          "there is a Transfer-Encoding: a CONNECT request has no body");
        if (is_chunked_ || is_http_1_0_ || !equals_ignoring_case(value, "chunked"))
            return refuse(HttpStatus::bad_request,
                          "there is a Transfer-Encoding other than one \"chunked\" of HTTP/1.1");
        is_chunked_ = true;
    }
    if (equals_ignoring_case(name, "content-length")) {
        if (is_tunnel() && (has_length_ || value != "0"))
            return refuse(
                HttpStatus::bad_request,
                "there is a Content-Length other than one 0: a CONNECT request has no body");
        if (has_length_ || !is_number(value))
            return refuse(HttpStatus::bad_request,
                          "there is a Content-Length other than one number");
        has_length_ = true;
    }
    if (equals_ignoring_case(name, "host")) {
        if (has_host_)
            return refuse(HttpStatus::bad_request, "there are two Host fields, one was expected");
        has_host_ = true;
    }
    if (equals_ignoring_case(name, "max-forwards") && method_ == "OPTIONS" && value == "0")
        is_rule_question_ = true;
    if (equals_ignoring_case(name, question_ports_field)) {
        auto ports = parse_port_list(value);
        if (!ports)
            return refuse(HttpStatus::bad_request, ports.error().message);
        question_ports_ = std::move(*ports);
    }
    if (equals_ignoring_case(name, "proxy-authorization"))
        refuse(HttpStatus::bad_request,
               "the proxy has no users and takes no password (Proxy-Authorization): remove "
               "USER:PASSWORD@ from the proxy's URL. What an enclave may reach is decided by the "
               "allowlist");
}

void ProxyRequest::take_end() {
    if (is_chunked_ && has_length_)
        return refuse(HttpStatus::bad_request,
                      "there are both a Content-Length and a Transfer-Encoding: where the body "
                      "ends cannot be known");
    if (!is_tunnel() && !is_http_1_0_ && !has_host_)
        return refuse(HttpStatus::bad_request,
                      "there is no Host field, which HTTP/1.1 requires (RFC 9112 3.2)");
    state_ = State::complete;
}

std::vector<TcpPort> ProxyRequest::question_ports() const {
    return question_ports_.empty() ? std::vector{target_.port} : question_ports_;
}

void ProxyRequest::refuse(HttpStatus status, std::string sentence) {
    state_ = State::refused;
    head_.clear();
    refusal_ = {status, "http_request_error", std::move(sentence)};
}

}  // namespace glovebox::core
