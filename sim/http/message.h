// SPDX-License-Identifier: Apache-2.0

// An HTTP request and its response as plain values, without Beast: what a service decides on and
// what a test writes down.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace glovebox::http {

struct Header {
    std::string name;
    std::string value;
};

struct Request {
    std::string method;           // "POST"
    std::string target;           // "/latest/meta-data/?x=1", as it was sent
    std::vector<Header> headers;  // in their order; a repeated name stands twice
    std::string body;
    std::string remote_address;  // the peer's IP address, without its port
    std::string tls_version;     // "TLSv1.3"; empty for plain HTTP
    std::string tls_cipher;
    std::string server_name;  // of the TLS handshake (SNI); empty where there was none

    // The first header of that name.
    [[nodiscard]] std::optional<std::string_view> header(std::string_view name) const;
    // The target without its query.
    [[nodiscard]] std::string_view path() const;
    // What follows '?'; empty where there is none.
    [[nodiscard]] std::string_view query() const;
};

// Content-Length, Server and Connection are the server's to add; a Date of the service's own clock
// is kept.
struct Response {
    unsigned status = 200;
    std::vector<Header> headers;
    std::string body;

    [[nodiscard]] std::optional<std::string_view> header(std::string_view name) const;
};

// "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110 section 5.6.7), for seconds since 1970.
[[nodiscard]] std::string http_date(long long unix_seconds);

}  // namespace glovebox::http
