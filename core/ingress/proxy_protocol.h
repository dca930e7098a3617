// SPDX-License-Identifier: Apache-2.0

// The header that tells a server whose connection a proxy brings: version 2 of the PROXY protocol
// (https://www.haproxy.org/download/2.9/doc/proxy-protocol.txt).
//
//   \r\n\r\n\0\r\nQUIT\n   signature
//   21                     version 2, command PROXY; 20 is LOCAL, a connection of the proxy itself
//   11                     TCP over IPv4; 21 is TCP over IPv6
//   <length>               of what follows
//   addresses and ports    of the client, and of the proxy's side to which it connected
//   type <length> value    any number of these
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "core/address/vsock_address.h"

namespace glovebox::core {

// The two ends of the connection that a proxy brings.
struct ProxiedEnds {
    boost::asio::ip::tcp::endpoint client;
    boost::asio::ip::tcp::endpoint server;

    bool operator==(const ProxiedEnds&) const = default;
};

// Beside the ends.
struct ProxyHeaderExtras {
    std::string name;  // of the server that the client named; empty: none (PP2_TYPE_AUTHORITY)
    // The vsock address of the enclave's side, in a type of Glovebox's own: 4 bytes CID and 4 bytes
    // port, both in network order.
    std::optional<VsockAddress> vsock;
};

// Of the types that the protocol leaves to applications (0xE0 to 0xEF), one that neither AWS (0xEA)
// nor Azure (0xEE) nor Google (0xE0) uses.
inline constexpr unsigned char proxy_type_vsock = 0xE5;

// Ends of two families are written as IPv6.
[[nodiscard]] std::string proxy_header(const ProxiedEnds& ends, const ProxyHeaderExtras& extras);

// The protocol allows 64 KiB; this limit is Glovebox's.
inline constexpr std::size_t proxy_header_size_max = 4 * 1024;

// Reads such a header from the beginning of a stream.
class ProxyHeaderReader {
  public:
    enum class State { needs_more, complete, refused };

    // Reads the next bytes, in pieces of any size. Once the header is complete, further bytes are
    // kept for take_early_bytes().
    State feed(std::string_view bytes);

    [[nodiscard]] State state() const { return state_; }
    // When complete; empty if the header tells none: a proxy's own connection (its health check),
    // or one that is not of TCP.
    [[nodiscard]] const std::optional<ProxiedEnds>& ends() const { return ends_; }
    [[nodiscard]] std::string take_early_bytes() { return std::move(early_); }
    // When refused.
    [[nodiscard]] const std::string& sentence() const { return sentence_; }

  private:
    void take_head();
    void take_body();
    [[nodiscard]] bool check_extras(std::size_t at);
    void refuse(std::string sentence);

    State state_ = State::needs_more;
    std::string header_;
    std::optional<ProxiedEnds> ends_;
    std::string early_;
    std::string sentence_;
};

}  // namespace glovebox::core
