// SPDX-License-Identifier: Apache-2.0

// One listener of the forwarder: a TCP endpoint, and the vsock address that its connections go to,
// or many addresses, of which each client names one.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/address/vsock_address.h"
#include "core/base/error.h"

namespace glovebox::core {

// The default port for HTTPS_PROXY: the customary port of forward proxies.
inline constexpr unsigned short http_proxy_port = 3128;

struct ForwardRoute {
    boost::asio::ip::tcp::endpoint listen;  // port 0: any free port
    std::optional<VsockAddress> to;         // none: by the name that each client asks for
    // The vsock side is a CONNECT proxy: programs use it by HTTPS_PROXY, and get an HTTP error if
    // the proxy cannot be reached.
    bool http_proxy = false;

    bool operator==(const ForwardRoute&) const = default;
};

// "8443=3:8000" listens on 127.0.0.1; "0.0.0.0:8443=16:5005" and "[::1]:8443=16:5005" name the
// address; "443=by-name" leads to the address of the name that a client asks for. Port 0 picks a
// free port. Errors: ProxyError::bad_target, with the correct form.
[[nodiscard]] Result<ForwardRoute> parse_forward_route(std::string_view text);

// The same, or the vsock address alone: "3:8001" listens on 127.0.0.1:3128.
[[nodiscard]] Result<ForwardRoute> parse_http_proxy_route(std::string_view text);

// An error message if one TCP endpoint leads to two addresses, else empty; port 0 is a different
// port each time. The routes are parsed from `texts`, one from each.
[[nodiscard]] std::optional<std::string> listener_contradiction(
    const std::vector<std::string>& texts, const std::vector<ForwardRoute>& routes);

}  // namespace glovebox::core
