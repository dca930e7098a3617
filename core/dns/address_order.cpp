// SPDX-License-Identifier: Apache-2.0

#include "core/dns/address_order.h"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <boost/asio/ip/udp.hpp>
#include <compare>
#include <cstdint>
#include <utility>

#include "core/base/unique_fd.h"

namespace glovebox::core {
namespace {

namespace asio = boost::asio;
using asio::ip::udp;

struct Policy {
    int precedence;
    int label;

    bool operator==(const Policy&) const = default;
};

struct PolicyRow {
    std::array<std::uint8_t, 2> head;  // the prefix; its other bytes are zero
    unsigned prefix;
    Policy policy;
};

// The table of RFC 6724, 2.1; the longest prefixes first. The rows of IPv4, ::1,
// ::/96 and ::/0 are in policy_of().
constexpr std::array<PolicyRow, 5> policy_table{{{{0x20, 0x01}, 32, {5, 5}},
                                                 {{0x20, 0x02}, 16, {30, 2}},
                                                 {{0x3f, 0xfe}, 16, {1, 12}},
                                                 {{0xfe, 0xc0}, 10, {1, 11}},
                                                 {{0xfc, 0x00}, 7, {3, 13}}}};

unsigned common_prefix(const asio::ip::address_v6::bytes_type& a,
                       const asio::ip::address_v6::bytes_type& b) {
    unsigned bits = 0;
    while (bits < 128 && ((a[bits / 8] ^ b[bits / 8]) & (0x80 >> bits % 8)) == 0)
        ++bits;
    return bits;
}

Policy policy_of(const IpAddress& address) {
    if (address.is_v4() || address.to_v6().is_v4_mapped())
        return {35, 4};
    const asio::ip::address_v6 v6 = address.to_v6();
    if (v6.is_loopback())
        return {50, 0};
    if (common_prefix(v6.to_bytes(), {}) >= 96)
        return {1, 3};
    for (const PolicyRow& row : policy_table) {
        asio::ip::address_v6::bytes_type prefix{};
        std::ranges::copy(row.head, prefix.begin());
        if (common_prefix(v6.to_bytes(), prefix) >= row.prefix)
            return row.policy;
    }
    return {40, 1};
}

// RFC 4291, 2.7; RFC 6724, 3.1 and 3.2.
int scope_of(const IpAddress& address) {
    constexpr int link_local = 2;
    constexpr int site_local = 5;
    constexpr int global = 14;
    if (address.is_v4()) {
        const auto bytes = address.to_v4().to_bytes();
        const bool is_of_the_link = bytes[0] == 127 || (bytes[0] == 169 && bytes[1] == 254);
        return is_of_the_link ? link_local : global;
    }
    const asio::ip::address_v6 v6 = address.to_v6();
    if (v6.is_multicast())
        return v6.to_bytes()[1] & 0xf;
    if (v6.is_loopback() || v6.is_link_local())
        return link_local;
    return v6.is_site_local() ? site_local : global;
}

// What is compared, rule by rule: the greater one is the better one.
struct Rank {
    bool is_usable = false;          // rule 1
    bool has_sources_scope = false;  // 2
    bool has_sources_label = false;  // 5
    int precedence = 0;              // 6
    int nearness = 0;                // 8: the smaller scope
    unsigned common_bits = 0;        // 9: with the source; of IPv6 alone

    auto operator<=>(const Rank&) const = default;
};

Rank rank_of(const IpAddress& address, const std::optional<IpAddress>& source) {
    // The bits beyond 64 name an interface, not a place in the network.
    constexpr unsigned bits_max = 64;
    Rank rank;
    rank.precedence = policy_of(address).precedence;
    rank.nearness = -scope_of(address);
    if (!source)
        return rank;
    rank.is_usable = true;
    rank.has_sources_scope = scope_of(address) == scope_of(*source);
    rank.has_sources_label = policy_of(address).label == policy_of(*source).label;
    if (address.is_v6() && source->is_v6())
        rank.common_bits = std::min(
            common_prefix(address.to_v6().to_bytes(), source->to_v6().to_bytes()), bits_max);
    return rank;
}

// Asks the kernel, which chooses a source when a datagram socket is connected.
class SourceFinder {
  public:
    std::optional<IpAddress> find(const IpAddress& destination) {
        UniqueFd& socket = destination.is_v4() ? v4_ : v6_;
        if (!socket)
            socket = UniqueFd(
                ::socket(destination.is_v4() ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0));
        if (!socket)
            return std::nullopt;
        const udp::endpoint to(destination, 9);
        udp::endpoint from;
        auto size = static_cast<socklen_t>(from.capacity());
        const bool is_found = ::connect(socket.get(), to.data(), to.size()) == 0 &&
                              ::getsockname(socket.get(), from.data(), &size) == 0;
        // A connected socket keeps its source.
        sockaddr nobody{};
        nobody.sa_family = AF_UNSPEC;
        static_cast<void>(::connect(socket.get(), &nobody, sizeof nobody));
        if (!is_found)
            return std::nullopt;
        from.resize(size);
        return from.address();
    }

  private:
    UniqueFd v4_;
    UniqueFd v6_;
};

}  // namespace

void sort_addresses(std::vector<IpAddress>& addresses, const FindSource& find_source) {
    if (addresses.size() < 2)
        return;
    std::vector<std::pair<Rank, IpAddress>> ranked;
    ranked.reserve(addresses.size());
    for (const IpAddress& address : addresses)
        ranked.emplace_back(rank_of(address, find_source(address)), address);
    std::ranges::stable_sort(ranked, std::ranges::greater{}, &std::pair<Rank, IpAddress>::first);
    std::ranges::transform(ranked, addresses.begin(), &std::pair<Rank, IpAddress>::second);
}

void sort_addresses(std::vector<IpAddress>& addresses) {
    SourceFinder sources;
    sort_addresses(addresses, [&](const IpAddress& address) { return sources.find(address); });
}

}  // namespace glovebox::core
