// SPDX-License-Identifier: Apache-2.0

// Whether the kernel still takes note of TCP connections that were closed (TIME-WAIT, and
// FIN-WAIT-2 without a process). When its table is full, as behind some hundred thousand
// connections a minute, a closed end is forgotten at once, and nobody can tell a peer on this
// machine from one elsewhere.
#pragma once

#include <cstddef>
#include <fstream>
#include <string>

namespace glovebox::core {

[[nodiscard]] inline bool remembers_closed_connections() {
    std::size_t most = 0;
    std::ifstream("/proc/sys/net/ipv4/tcp_max_tw_buckets") >> most;
    std::ifstream sockets("/proc/net/sockstat");
    for (std::string word; sockets >> word;)
        if (std::size_t kept = 0; word == "tw" && sockets >> kept)
            return kept < most;
    return true;
}

inline constexpr const char* closed_connections_are_forgotten =
    "the kernel's table of closed TCP connections is full (net.ipv4.tcp_max_tw_buckets): try again "
    "in a minute";

}  // namespace glovebox::core
