// SPDX-License-Identifier: Apache-2.0

#include "core/forward/forward_route.h"

#include <fmt/core.h>

#include <utility>

#include "core/address/proxy_error.h"
#include "core/address/target.h"
#include "core/base/contradiction.h"

namespace glovebox::core {
namespace {

using boost::asio::ip::tcp;

constexpr std::string_view by_name = "by-name";

Result<tcp::endpoint> parse_endpoint(std::string_view text) {
    std::string_view host = "127.0.0.1";
    std::string_view port = text;
    if (text.find(':') != std::string_view::npos) {
        const auto parts = split_host_and_port(text);
        if (!parts)
            return parts.error();
        host = parts->host;
        port = parts->port;
    }
    const auto address = parse_ip_address(host == "localhost" ? "127.0.0.1" : host);
    if (!address)
        return address.error();
    if (port == "0")
        return tcp::endpoint(*address, 0);
    const auto number = parse_tcp_port(port);
    if (!number)
        return number.error();
    return tcp::endpoint(*address, *number);
}

}  // namespace

Result<ForwardRoute> parse_forward_route(std::string_view text) {
    const std::size_t equals = text.find('=');
    if (equals == std::string_view::npos)
        return Error(ProxyError::bad_target,
                     fmt::format("\"{}\" is not a listener: [ADDRESS:]PORT=CID:PORT was expected, "
                                 "for example 8443=3:8000, or [ADDRESS:]PORT=by-name",
                                 text));
    const auto listen = parse_endpoint(text.substr(0, equals));
    if (!listen)
        return Error(ProxyError::bad_target,
                     fmt::format("\"{}\": {}; before the = a port, or an address and a port such "
                                 "as 127.0.0.1:8443, was expected",
                                 text, listen.error().message));
    if (text.substr(equals + 1) == by_name)
        return ForwardRoute{*listen, std::nullopt, false};
    const auto to = parse_vsock_address(text.substr(equals + 1));
    if (!to)
        return Error(ProxyError::bad_target,
                     fmt::format("\"{}\": {}. (To reach a host on the network from the parent, use "
                                 "glovebox proxy)",
                                 text, to.error().message));
    if (to->cid == cid_any || to->port == port_any)
        return Error(ProxyError::bad_target,
                     fmt::format("\"{}\": \"any\" can be listened on and not connected to: write "
                                 "the CID and the port after the =",
                                 text));
    return ForwardRoute{*listen, *to, false};
}

Result<ForwardRoute> parse_http_proxy_route(std::string_view text) {
    auto route = parse_forward_route(text.find('=') == std::string_view::npos
                                         ? fmt::format("{}={}", http_proxy_port, text)
                                         : std::string(text));
    if (route && !route->to)
        return Error(ProxyError::bad_target,
                     fmt::format("\"{}\": a CONNECT proxy has one vsock address: CID:PORT was "
                                 "expected after the =",
                                 text));
    if (route)
        route->http_proxy = true;
    return route;
}

std::optional<std::string> listener_contradiction(const std::vector<std::string>& texts,
                                                  const std::vector<ForwardRoute>& routes) {
    std::size_t free_ports = 0;
    return explain_contradiction(texts, routes, [&free_ports](const ForwardRoute& route) {
        return std::pair(route.listen, route.listen.port() == 0 ? ++free_ports : 0);
    });
}

}  // namespace glovebox::core
