// SPDX-License-Identifier: Apache-2.0

#include "core/ingress/name_routes.h"

#include <fmt/core.h>

#include <utility>

#include "core/address/proxy_error.h"
#include "core/base/contradiction.h"
#include "core/base/overloaded.h"

namespace glovebox::core {
namespace {

using RoutedNames = std::variant<AnyName, NamesBelow, HostName>;

constexpr std::string_view below_prefix = "*.";

Result<RoutedNames> parse_names(std::string_view text) {
    if (text == "*")
        return RoutedNames(AnyName{});
    const bool is_below = text.starts_with(below_prefix);
    auto name = HostName::parse(is_below ? text.substr(below_prefix.size()) : text);
    if (!name)
        return name.error();
    return is_below ? RoutedNames(NamesBelow{std::move(*name)}) : RoutedNames(std::move(*name));
}

Error bad_route(std::string_view text, std::string_view why) {
    return Error(ProxyError::bad_target,
                 fmt::format("\"{}\" is not a route: {}; NAME=CID:PORT was expected, for example "
                             "api.example.com=16:8443, *.example.com=16:8443 or *=16:8443",
                             text, why));
}

}  // namespace

Result<NameRoute> parse_name_route(std::string_view text) {
    const std::size_t equals = text.find('=');
    if (equals == std::string_view::npos)
        return bad_route(text, "it has no =");
    std::string_view names_text = text.substr(0, equals);
    std::optional<TcpPort> port;
    if (const std::size_t colon = names_text.find(':'); colon != std::string_view::npos) {
        const auto parsed = parse_tcp_port(names_text.substr(colon + 1));
        if (!parsed)
            return bad_route(text, parsed.error().message);
        port = *parsed;
        names_text = names_text.substr(0, colon);
    }
    auto names = parse_names(names_text);
    if (!names)
        return bad_route(text, names.error().message);
    const auto to = parse_vsock_address(text.substr(equals + 1));
    if (!to)
        return bad_route(text, to.error().message);
    if (to->cid == cid_any || to->port == port_any)
        return bad_route(text, "\"any\" can be listened on and not connected to");
    return NameRoute{std::move(*names), port, *to};
}

std::string name_of(const NameRoute& route) {
    const std::string names =
        std::visit(Overloaded{[](const AnyName&) -> std::string { return "*"; },
                              [](const NamesBelow& below) { return "*." + below.parent.text(); },
                              [](const HostName& name) { return name.text(); }},
                   route.names);
    return route.port ? fmt::format("{}:{}", names, *route.port) : names;
}

std::optional<std::string> name_contradiction(const std::vector<std::string>& texts,
                                              const std::vector<NameRoute>& routes) {
    return explain_contradiction(texts, routes, name_of);
}

void NameRoutes::add(const NameRoute& route) {
    Ports& ports = std::visit(
        Overloaded{[&](const AnyName&) -> Ports& { return any_; },
                   [&](const NamesBelow& below) -> Ports& { return below_[below.parent.text()]; },
                   [&](const HostName& name) -> Ports& { return names_[name.text()]; }},
        route.names);
    if (route.port)
        ports.by_port[*route.port] = route.to;
    else
        ports.every = route.to;
}

std::optional<VsockAddress> NameRoutes::Ports::find(TcpPort port) const {
    const auto found = by_port.find(port);
    return found == by_port.end() ? every : found->second;
}

std::optional<VsockAddress> NameRoutes::find_in(const Names& names, std::string_view name,
                                                TcpPort port) {
    const auto found = names.find(name);
    return found == names.end() ? std::nullopt : found->second.find(port);
}

std::optional<VsockAddress> NameRoutes::find(const std::optional<HostName>& name,
                                             TcpPort port) const {
    if (!name)
        return any_.find(port);
    std::string_view text = name->text();
    if (const auto to = find_in(names_, text, port))
        return to;
    for (std::size_t dot = text.find('.'); dot != std::string_view::npos; dot = text.find('.')) {
        text.remove_prefix(dot + 1);
        if (const auto to = find_in(below_, text, port))
            return to;
    }
    return any_.find(port);
}

}  // namespace glovebox::core
