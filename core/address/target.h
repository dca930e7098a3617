// SPDX-License-Identifier: Apache-2.0

// The destination of a connection: a host and a TCP port, "example.com:443" or "[2001:db8::7]:443".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "core/address/host_name.h"
#include "core/address/ip_address.h"
#include "core/base/error.h"

namespace glovebox::core {

using TcpPort = std::uint16_t;
using Host = std::variant<HostName, IpAddress>;

struct Target {
    Host host;
    TcpPort port = 0;

    bool operator==(const Target&) const = default;
};

// Reads a host: a name in any case, an IPv4 address in its four-number form, or an IPv6 address
// without brackets. Errors: ProxyError::bad_target.
[[nodiscard]] Result<Host> parse_host(std::string_view text);

// Reads a port from 1 to 65535, decimal, without leading zeros.
[[nodiscard]] Result<TcpPort> parse_tcp_port(std::string_view text);

// "HOST:PORT" split, without a check of either part. An IPv6 host needs brackets and is returned
// without them.
struct HostAndPort {
    std::string_view host;
    std::string_view port;
    bool bracketed = false;
};
[[nodiscard]] Result<HostAndPort> split_host_and_port(std::string_view text);

[[nodiscard]] Result<Target> parse_target(std::string_view text);

[[nodiscard]] std::string to_string(const Host& host);
[[nodiscard]] std::string to_string(const Target& target);

}  // namespace glovebox::core
