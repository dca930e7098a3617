// SPDX-License-Identifier: Apache-2.0

// The IPv4 addresses inside an IPv6 address.
//
// Translators and tunnels write an IPv4 address into an IPv6 address and deliver to it. An
// allowlist that judged only the IPv6 form would let 127.0.0.1 or 169.254.169.254 pass in it.
//
//   form                       reaches
//   ::ffff:a.b.c.d             mapped, RFC 4291 2.5.5.2       that host
//   ::ffff:0:a.b.c.d           SIIT, RFC 2765                 that host, through a translator
//   64:ff9b::a.b.c.d           NAT64, RFC 6052                that host, through a translator
//   64:ff9b:1::/48             local NAT64, RFC 8215          that host; where it stands depends on
//                                                             the length of the translator's prefix
//   ::a.b.c.d                  compatible, RFC 4291 2.5.5.1   a tunnel's end at that host
//   2002:a.b.c.d::/48          6to4, RFC 3056                 a tunnel's end at that host
//   2001:0:SERVER:..:~CLIENT   Teredo, RFC 4380               that server, that client
//   ..:[02]00:5efe:a.b.c.d     ISATAP, RFC 5214               a tunnel's end at that host
//
// Not recognizable: NAT64 and 6rd with a prefix that the network chose.
#pragma once

#include <boost/asio/ip/address.hpp>
#include <optional>
#include <string_view>
#include <vector>

namespace glovebox::core {

struct EmbeddedIpv4 {
    boost::asio::ip::address_v4 address;
    std::string_view form;  // "6to4"
};

// The host that the address reaches by translation (the first three forms, each an alternative
// spelling of an IPv4 address); empty for other addresses.
[[nodiscard]] std::optional<boost::asio::ip::address_v4> translated_ipv4(
    const boost::asio::ip::address_v6& address);

// The hosts that traffic to the address may reach in addition to its own host (the other forms).
// Several if the form is ambiguous.
[[nodiscard]] std::vector<EmbeddedIpv4> embedded_ipv4(const boost::asio::ip::address_v6& address);

}  // namespace glovebox::core
