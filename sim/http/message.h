// SPDX-License-Identifier: Apache-2.0

// An HTTP request and its response as plain values, without Beast: services are functions between
// the two, and tests write them down.
#pragma once

#include <chrono>
#include <functional>
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
    std::vector<Header> headers;  // in their order; a repeated name occurs repeatedly
    std::string body;
    std::string remote_address;  // the peer's IP address, without its port
    std::string tls_version;     // "TLSv1.3"; empty for plain HTTP
    std::string tls_cipher;
    std::string server_name;  // from the TLS handshake (SNI), or empty

    // The first header of that name; case does not matter.
    [[nodiscard]] std::optional<std::string_view> header(std::string_view name) const;
    // The target without its query.
    [[nodiscard]] std::string_view path() const;
    // The part after '?'; empty if there is none.
    [[nodiscard]] std::string_view query() const;
};

// The server adds Content-Length or Transfer-Encoding and, if it closes the connection, Connection.
// All other headers, Date and Server too, are the service's.
struct Response {
    // The next piece of a body, and nothing after the last one. An empty piece means that the next
    // one is not ready: the function is called again 100 ms later.
    using Pieces = std::function<std::optional<std::string>()>;

    // 0: the connection is closed without an answer.
    unsigned status = 200;
    std::vector<Header> headers;
    std::string body;
    std::chrono::milliseconds delay{};  // it is sent so much later
    // If it is set, the body goes on with these, piece by piece (chunked, RFC 9112, section 7.1),
    // and then the connection ends.
    Pieces pieces{};

    [[nodiscard]] std::optional<std::string_view> header(std::string_view name) const;
};

// The form of dates in headers, "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110, section 5.6.7), in
// English whatever the locale is.
[[nodiscard]] std::string http_date(long long unix_seconds);

}  // namespace glovebox::http
