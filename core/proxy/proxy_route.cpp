// SPDX-License-Identifier: Apache-2.0

#include "core/proxy/proxy_route.h"

#include <fmt/core.h>

#include <algorithm>

#include "core/address/proxy_error.h"

namespace glovebox::core {

Result<ProxyRoute> parse_proxy_route(std::string_view text) {
    const std::size_t equals = text.find('=');
    if (equals == std::string_view::npos)
        return Error(ProxyError::bad_target,
                     fmt::format("\"{}\" is not a listener: PORT=HOST:PORT or PORT=connect was "
                                 "expected, for example 8000=example.com:443",
                                 text));
    const std::string_view listen_text = text.substr(0, equals);
    const std::string_view target_text = text.substr(equals + 1);
    const auto listen = parse_vsock_address(fmt::format("any:{}", listen_text));
    if (!listen || (listen->port == port_any && listen_text != "any"))
        return Error(ProxyError::bad_target,
                     fmt::format("\"{}\": \"{}\" is not a vsock port: a number up to 4294967294, "
                                 "or any, was expected before the =",
                                 text, listen_text));
    if (target_text == "connect")
        return ProxyRoute{*listen, std::nullopt};
    auto target = parse_target(target_text);
    if (target)
        return ProxyRoute{*listen, std::move(*target)};
    const std::string_view host = target_text.substr(0, target_text.find(':'));
    const bool is_number = !host.empty() && std::all_of(host.begin(), host.end(), [](char c) {
        return c >= '0' && c <= '9';
    });
    if (is_number)
        return Error(
            ProxyError::bad_target,
            fmt::format("\"{0}\": \"{1}\" is not a host. If {1} is your enclave's CID: the proxy's "
                        "target is the host on the network that the enclave wants to reach, and "
                        "enclaves need not be named, any of them may connect. The way in to port "
                        "5005 of enclave {1} is glovebox forward --listen 8443={1}:5005",
                        text, host));
    return std::move(target.error()).in(fmt::format("\"{}\"", text));
}

Result<ProxyRoute> parse_parent_route(std::string_view text) {
    constexpr Port heartbeat_port = 9000;
    auto route = parse_proxy_route(text);
    if (route && route->listen.port == heartbeat_port)
        return Error(ProxyError::bad_target,
                     fmt::format("\"{}\": an enclave that boots connects to vsock port {} of the "
                                 "parent, and its start fails when a proxy answers there: choose "
                                 "another port",
                                 text, heartbeat_port));
    return route;
}

std::string destination_of(const ProxyRoute& route) {
    return route.target ? to_string(*route.target) : "CONNECT";
}

}  // namespace glovebox::core
