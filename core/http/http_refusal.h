// SPDX-License-Identifier: Apache-2.0

// A refusal of the HTTP proxy: a status, and one sentence with the reason.
//
//   HTTP/1.1 403 Forbidden\r\n
//   Proxy-Status: glovebox; error=http_request_denied\r\n       (RFC 9209)
//   Content-Type: text/plain; charset=utf-8\r\n
//   Content-Length: 73\r\n
//   Connection: close\r\n
//   \r\n
//   example.com:443 is not in the allowlist: add the rule ... to open it\n
#pragma once

#include <string>
#include <string_view>

#include "core/base/error.h"

namespace glovebox::core {

enum class HttpStatus {
    bad_request = 400,
    forbidden = 403,
    method_not_allowed = 405,
    request_timeout = 408,
    misdirected_request = 421,
    head_too_large = 431,
    bad_gateway = 502,
    service_unavailable = 503,
    gateway_timeout = 504,
    version_not_supported = 505,
};

struct HttpRefusal {
    HttpStatus status = HttpStatus::bad_request;
    std::string_view proxy_error;  // RFC 9209 2.3's name for it: "dns_timeout", a literal
    std::string sentence;
};

[[nodiscard]] std::string_view reason_phrase(HttpStatus status);

// The response for a connection to the target that failed.
[[nodiscard]] HttpRefusal refusal_of(const Error& dial_failure);

// The whole response.
[[nodiscard]] std::string to_response(const HttpRefusal& refusal);

// The only response that opens a tunnel.
inline constexpr std::string_view tunnel_established =
    "HTTP/1.1 200 Connection established\r\n\r\n";

}  // namespace glovebox::core
