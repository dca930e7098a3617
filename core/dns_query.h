// SPDX-License-Identifier: Apache-2.0

// One name, looked up by c-ares on the executor's loop: no thread and no NSS module, so a static
// program does the same as a dynamic one.
//
// c-ares reads /etc/hosts, /etc/resolv.conf (name servers, search list, ndots) and the order of
// "files" and "dns" in /etc/nsswitch.conf. It asks for A and AAAA together, with EDNS, repeats a
// truncated answer over TCP, and sorts addresses as RFC 6724 does. The files are read for each
// lookup, so a change of them holds at once.
//
// "localhost" and the names below it are answered from /etc/hosts or else with the loopback
// addresses; no name server is asked (RFC 6761 6.3).
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/host_name.h"
#include "core/ip_address.h"

namespace glovebox::core {

// Where name servers are found and asked. Tests have a file and a port of their own.
struct DnsSettings {
    std::string resolv_conf = "/etc/resolv.conf";
    std::uint16_t port = 53;
};

struct FoundAddresses {
    std::vector<IpAddress> addresses;  // in the order in which to try them
    std::chrono::seconds ttl{0};       // how long they hold; 0 for those of /etc/hosts
};

// Sockets that one lookup holds at the most: one for each of resolv.conf's three name servers, and
// one by TCP.
inline constexpr std::size_t sockets_per_lookup = 4;

// Looks the name up. It can be cancelled, and its sockets are closed when it ends. Ignore SIGPIPE
// before (process_setup.h): a name server may end a TCP connection. Errors:
// ProxyError::name_unknown, lookup_failed, lookup_timed_out.
[[nodiscard]] boost::asio::awaitable<Result<FoundAddresses>> look_up(HostName name,
                                                                     DnsSettings settings);

}  // namespace glovebox::core
