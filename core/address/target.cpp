// SPDX-License-Identifier: Apache-2.0

#include "core/address/target.h"

#include <fmt/core.h>

#include <charconv>

#include "core/address/proxy_error.h"

namespace glovebox::core {

Result<Host> parse_host(std::string_view text) {
    if (text.find(':') != std::string_view::npos || ends_in_number(text)) {
        const auto address = parse_ip_address(text);
        if (!address)
            return address.error();
        return Host(*address);
    }
    auto name = HostName::parse(text);
    if (!name)
        return name.error();
    return Host(std::move(*name));
}

Result<TcpPort> parse_tcp_port(std::string_view text) {
    TcpPort port = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    if (text.empty() || text.front() == '0' || error != std::errc() ||
        end != text.data() + text.size())
        return Error(
            ProxyError::bad_target,
            fmt::format("\"{}\" is not a port: a number from 1 to 65535 was expected", text));
    return port;
}

Result<HostAndPort> split_host_and_port(std::string_view text) {
    const auto refuse = [text](std::string_view why) {
        return Error(ProxyError::bad_target, fmt::format("\"{}\" is not HOST:PORT: {}", text, why));
    };
    if (text.find("://") != std::string_view::npos)
        return refuse("it is a URL: write its host and port alone, for example example.com:443");
    if (text.starts_with('[')) {
        const std::size_t close = text.find(']');
        if (close == std::string_view::npos)
            return refuse("the bracket is not closed");
        const std::string_view host = text.substr(1, close - 1);
        if (host.find(':') == std::string_view::npos)
            return refuse("brackets are for IPv6 addresses alone");
        if (close + 1 >= text.size() || text[close + 1] != ':')
            return refuse("a colon and a port were expected after the bracket");
        return HostAndPort{host, text.substr(close + 2), true};
    }
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos)
        return refuse("a colon and a port were expected, for example example.com:443");
    if (text.find(':', colon + 1) != std::string_view::npos)
        return refuse("an IPv6 address is written in brackets, for example [2001:db8::7]:443");
    return HostAndPort{text.substr(0, colon), text.substr(colon + 1), false};
}

Result<Target> parse_target(std::string_view text) {
    const auto parts = split_host_and_port(text);
    if (!parts)
        return parts.error();
    auto host = parse_host(parts->host);
    if (!host)
        return host.error();
    const auto port = parse_tcp_port(parts->port);
    if (!port)
        return port.error();
    return Target{std::move(*host), *port};
}

std::string to_string(const Host& host) {
    if (const auto* name = std::get_if<HostName>(&host))
        return name->text();
    return std::get<IpAddress>(host).to_string();
}

std::string to_string(const Target& target) {
    const auto* address = std::get_if<IpAddress>(&target.host);
    if (address != nullptr && address->is_v6())
        return fmt::format("[{}]:{}", address->to_string(), target.port);
    return fmt::format("{}:{}", to_string(target.host), target.port);
}

}  // namespace glovebox::core
