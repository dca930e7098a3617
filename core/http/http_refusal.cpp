// SPDX-License-Identifier: Apache-2.0

#include "core/http/http_refusal.h"

#include <fmt/core.h>

#include <boost/asio/error.hpp>

#include "core/address/proxy_error.h"
#include "core/base/printable.h"

namespace glovebox::core {
std::string_view reason_phrase(HttpStatus status) {
    switch (status) {
        case HttpStatus::bad_request:
            return "Bad Request";
        case HttpStatus::forbidden:
            return "Forbidden";
        case HttpStatus::method_not_allowed:
            return "Method Not Allowed";
        case HttpStatus::request_timeout:
            return "Request Timeout";
        case HttpStatus::misdirected_request:
            return "Misdirected Request";
        case HttpStatus::head_too_large:
            return "Request Header Fields Too Large";
        case HttpStatus::bad_gateway:
            return "Bad Gateway";
        case HttpStatus::service_unavailable:
            return "Service Unavailable";
        case HttpStatus::gateway_timeout:
            return "Gateway Timeout";
        case HttpStatus::version_not_supported:
            return "HTTP Version Not Supported";
    }
    return "Error";
}

HttpRefusal refusal_of(const Error& dial_failure) {
    const auto& code = dial_failure.code;
    const auto answer = [&](HttpStatus status, std::string_view proxy_error) {
        return HttpRefusal{status, proxy_error, dial_failure.message};
    };
    if (code == ProxyError::not_allowed)
        return answer(HttpStatus::forbidden, "http_request_denied");
    if (code == ProxyError::name_unknown || code == ProxyError::lookup_failed)
        return answer(HttpStatus::bad_gateway, "dns_error");
    if (code == ProxyError::lookup_timed_out)
        return answer(HttpStatus::gateway_timeout, "dns_timeout");
    if (code == ProxyError::lookup_queue_full)
        return answer(HttpStatus::service_unavailable, "connection_limit_reached");
    if (code == ProxyError::connect_timed_out || code == boost::asio::error::timed_out)
        return answer(HttpStatus::gateway_timeout, "connection_timeout");
    if (code == boost::asio::error::connection_refused)
        return answer(HttpStatus::bad_gateway, "connection_refused");
    if (code == boost::asio::error::network_unreachable ||
        code == boost::asio::error::host_unreachable)
        return answer(HttpStatus::bad_gateway, "destination_ip_unroutable");
    return answer(HttpStatus::bad_gateway, "destination_unavailable");
}

std::string to_response(const HttpRefusal& refusal) {
    constexpr std::string_view allow =
        "Allow: CONNECT, GET, HEAD, POST, PUT, DELETE, PATCH, OPTIONS\r\n";
    const std::string body = printable(refusal.sentence) + "\n";
    return fmt::format(
        "HTTP/1.1 {} {}\r\n"
        "Proxy-Status: glovebox; error={}\r\n"
        "{}"
        "Content-Type: text/plain; charset=utf-8\r\n"
        "Content-Length: {}\r\n"
        "Connection: close\r\n"
        "\r\n"
        "{}",
        static_cast<int>(refusal.status), reason_phrase(refusal.status), refusal.proxy_error,
        refusal.status == HttpStatus::method_not_allowed ? allow : "", body.size(), body);
}

}  // namespace glovebox::core
