// SPDX-License-Identifier: Apache-2.0

#include "core/proxy/inward_route.h"

#include <fmt/core.h>

#include <string>

#include "core/address/proxy_error.h"

namespace glovebox::core {
namespace {

constexpr std::string_view prefix = "vsock:";

}  // namespace

bool is_inward_route(std::string_view text) {
    return text.starts_with(prefix);
}

Result<ProxyRoute> parse_inward_route(std::string_view text) {
    const std::size_t equals = text.find('=');
    if (!is_inward_route(text) || equals == std::string_view::npos)
        return Error(ProxyError::bad_target,
                     fmt::format("\"{}\" is not a way in: vsock:PORT=[ADDRESS:]PORT was expected, "
                                 "for example vsock:5005=127.0.0.1:8080",
                                 text));
    std::string target(text.substr(equals + 1));
    if (target.find(':') == std::string::npos)
        target.insert(0, "127.0.0.1:");
    else if (target.starts_with("localhost:"))
        target.replace(0, std::string_view("localhost").size(), "127.0.0.1");
    const std::string_view listen = text.substr(prefix.size(), equals - prefix.size());
    auto route = parse_proxy_route(fmt::format("{}={}", listen, target));
    if (!route)
        return std::move(route.error()).in(fmt::format("\"{}\"", text));
    const IpAddress* address =
        route->target ? std::get_if<IpAddress>(&route->target->host) : nullptr;
    if (address == nullptr || !address->is_loopback())
        return Error(ProxyError::bad_target,
                     fmt::format("\"{}\": \"{}\" is not an address of the loopback interface, such "
                                 "as 127.0.0.1:8080. (To reach a host on the network from an "
                                 "enclave, use glovebox proxy on the parent)",
                                 text, text.substr(equals + 1)));
    return route;
}

}  // namespace glovebox::core
