// SPDX-License-Identifier: Apache-2.0

#include "core/address/embedded_ipv4.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>

namespace glovebox::core {
namespace {

namespace ip = boost::asio::ip;
using Bytes = ip::address_v6::bytes_type;

bool starts_with(const Bytes& bytes, std::initializer_list<std::uint8_t> prefix) {
    return std::equal(prefix.begin(), prefix.end(), bytes.begin());
}

ip::address_v4 ipv4_at(const Bytes& bytes, const std::array<std::size_t, 4>& positions) {
    return ip::address_v4(
        {bytes[positions[0]], bytes[positions[1]], bytes[positions[2]], bytes[positions[3]]});
}

ip::address_v4 ipv4_at_the_end(const Bytes& bytes) {
    return ipv4_at(bytes, {12, 13, 14, 15});
}

// Where RFC 6052 puts the address behind a prefix of 48, 56, 64 and 96 bits; byte 8 stays zero.
constexpr std::array<std::array<std::size_t, 4>, 4> nat64_positions{
    {{6, 7, 9, 10}, {7, 9, 10, 11}, {9, 10, 11, 12}, {12, 13, 14, 15}}};

void add_local_nat64(const Bytes& bytes, std::vector<EmbeddedIpv4>& found) {
    for (const auto& positions : nat64_positions) {
        const ip::address_v4 address = ipv4_at(bytes, positions);
        // 0.0.0.0/8 is nobody's address: it is the padding of a prefix of another length.
        if (address.to_bytes()[0] != 0)
            found.push_back({address, "NAT64"});
    }
}

bool is_isatap(const Bytes& bytes) {
    return (bytes[8] & 0xfdU) == 0 && bytes[9] == 0 && bytes[10] == 0x5e && bytes[11] == 0xfe;
}

}  // namespace

std::optional<ip::address_v4> translated_ipv4(const ip::address_v6& address) {
    const Bytes bytes = address.to_bytes();
    if (starts_with(bytes, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}) ||
        starts_with(bytes, {0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0}) ||
        starts_with(bytes, {0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0}))
        return ipv4_at_the_end(bytes);
    return std::nullopt;
}

std::vector<EmbeddedIpv4> embedded_ipv4(const ip::address_v6& address) {
    const Bytes bytes = address.to_bytes();
    std::vector<EmbeddedIpv4> found;
    if (starts_with(bytes, {0, 0x64, 0xff, 0x9b, 0, 1}))
        add_local_nat64(bytes, found);
    if (starts_with(bytes, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}))
        found.push_back({ipv4_at_the_end(bytes), "IPv4-compatible"});
    if (starts_with(bytes, {0x20, 0x02}))
        found.push_back({ipv4_at(bytes, {2, 3, 4, 5}), "6to4"});
    if (starts_with(bytes, {0x20, 0x01, 0, 0})) {
        found.push_back({ipv4_at(bytes, {4, 5, 6, 7}), "Teredo"});
        found.push_back({ip::address_v4(~ipv4_at_the_end(bytes).to_uint()), "Teredo"});
    }
    if (is_isatap(bytes))
        found.push_back({ipv4_at_the_end(bytes), "ISATAP"});
    return found;
}

}  // namespace glovebox::core
