// SPDX-License-Identifier: Apache-2.0

// One full name, asked of the name servers by c-ares on the executor's loop: no thread and no NSS
// module, so a static program does the same as a dynamic one.
//
// c-ares reads the name servers and "rotate" in resolv.conf(5), asks with EDNS, and repeats a
// truncated answer over TCP. A and AAAA are two questions: a server or a firewall that drops those
// of one family does not hold up the other (RFC 8305, 3).
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "core/address/host_name.h"
#include "core/address/ip_address.h"
#include "core/base/error.h"

namespace glovebox::core {

// Where name servers are found, and their time for an answer (resolv_conf.h).
struct NameServers {
    std::string resolv_conf;
    std::uint16_t port;
    std::chrono::milliseconds timeout;
    int attempts;
};

struct FoundAddresses {
    std::vector<IpAddress> addresses;  // in the order in which to try them
    std::chrono::seconds ttl{0};       // how long they hold; 0 for those of /etc/hosts
};

// Name servers that are asked: the first ones of resolv.conf, as glibc's MAXNS.
inline constexpr std::size_t name_servers_max = 3;

// Sockets that one lookup holds at the most: by UDP and by TCP to each server.
inline constexpr std::size_t sockets_per_lookup = 2 * name_servers_max;

// Addresses that one lookup takes of each family; a name may have thousands.
inline constexpr std::size_t addresses_per_family_max = 32;

// How long the addresses of one family wait for those of the other (RFC 8305, 8).
inline constexpr std::chrono::milliseconds resolution_delay{50};

// Asks for the name as it is, without a search list. It can be cancelled, and its sockets are
// closed when it ends. Ignore SIGPIPE before (service/process_setup.h): a name server may end a TCP
// connection. Errors: ProxyError::name_unknown, lookup_failed, lookup_timed_out.
[[nodiscard]] boost::asio::awaitable<Result<FoundAddresses>> ask_name_servers(HostName name,
                                                                              NameServers servers);

}  // namespace glovebox::core
