// SPDX-License-Identifier: Apache-2.0

// IP addresses for the allowlist: one canonical form, networks, and the blocks that need a rule of
// their own.
#pragma once

#include <boost/asio/ip/address.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"

namespace glovebox::core {

using IpAddress = boost::asio::ip::address;

// The IPv4 address inside a mapped or translated form (translated_ipv4, embedded_ipv4.h), which
// reaches the same host; any other address without its scope.
[[nodiscard]] IpAddress unmapped(const IpAddress& address);

// "192.0.2.7" or "2001:db8::7", without brackets. Only the four-number form of IPv4, no leading
// zeros, no scope ("%eth0"). Errors: ProxyError::bad_target.
[[nodiscard]] Result<IpAddress> parse_ip_address(std::string_view text);

// A block of addresses, "10.0.0.0/8". A lone address is a block of one.
struct IpNetwork {
    IpAddress address;  // all bits beyond the prefix are zero
    unsigned prefix = 0;

    // Reads an address or a CIDR block; a block with bits beyond its prefix is an error that
    // names the block without them. Mapped forms become IPv4.
    [[nodiscard]] static Result<IpNetwork> parse(std::string_view text);
    [[nodiscard]] static IpNetwork of(const IpAddress& address);

    [[nodiscard]] bool contains(const IpAddress& unmapped_address) const;
    // Whether all of this block lies in `other`.
    [[nodiscard]] bool is_within(const IpNetwork& other) const;

    bool operator==(const IpNetwork&) const = default;
};

[[nodiscard]] std::string to_string(const IpNetwork& network);

// A block that reaches this host, its link or many hosts: loopback, link-local
// (169.254.169.254 is EC2's metadata service), unspecified, multicast, broadcast, EC2's own
// fd00:ec2::/32.
struct SpecialBlock {
    IpNetwork network;
    std::string_view what;  // "a loopback address"
};

// The block that contains an unmapped address, if any.
[[nodiscard]] const SpecialBlock* special_block_of(const IpAddress& unmapped_address);

}  // namespace glovebox::core
