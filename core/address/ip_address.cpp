// SPDX-License-Identifier: Apache-2.0

#include "core/address/ip_address.h"

#include <fmt/core.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>

#include "core/address/embedded_ipv4.h"
#include "core/address/proxy_error.h"

namespace glovebox::core {
namespace {

namespace ip = boost::asio::ip;

constexpr unsigned mapped_prefix = 96;  // of every form that translated_ipv4 knows

template <std::size_t Size>
std::array<unsigned char, Size> cut(std::array<unsigned char, Size> bytes, unsigned prefix) {
    for (unsigned bit = prefix; bit < Size * 8; ++bit)
        bytes[bit / 8] &= static_cast<unsigned char>(~(0x80U >> (bit % 8)));
    return bytes;
}

unsigned width_of(const IpAddress& address) {
    return address.is_v4() ? 32 : 128;
}

IpAddress cut(const IpAddress& address, unsigned prefix) {
    if (address.is_v4())
        return ip::address_v4(cut(address.to_v4().to_bytes(), prefix));
    return ip::address_v6(cut(address.to_v6().to_bytes(), prefix));
}

Error refuse_address(std::string_view text, std::string_view why) {
    return Error(ProxyError::bad_target, fmt::format("\"{}\" is not an IP address: {}", text, why));
}

}  // namespace

IpAddress unmapped(const IpAddress& address) {
    if (address.is_v4())
        return address;
    if (const auto translated = translated_ipv4(address.to_v6()))
        return *translated;
    return ip::address_v6(address.to_v6().to_bytes());
}

Result<IpAddress> parse_ip_address(std::string_view text) {
    constexpr std::size_t address_length_max = 45;  // eight groups with an IPv4 tail
    if (text.size() > address_length_max || text.find('\0') != std::string_view::npos)
        return refuse_address(text.substr(0, address_length_max), "it is too long");
    if (text.find('%') != std::string_view::npos)
        return refuse_address(text, "a scope such as %eth0 can't be used here");
    boost::system::error_code failure;
    const IpAddress address = ip::make_address(std::string(text), failure);
    // The output must equal the input: inet_pton's dialects differ in leading zeros.
    if (failure || (address.is_v4() && address.to_string() != text))
        return refuse_address(text,
                              "four decimal numbers such as 192.0.2.7, or an IPv6 address such as "
                              "2001:db8::7, was expected");
    return address;
}

IpNetwork IpNetwork::of(const IpAddress& address) {
    const IpAddress plain = unmapped(address);
    return {plain, width_of(plain)};
}

Result<IpNetwork> IpNetwork::parse(std::string_view text) {
    const std::size_t slash = text.find('/');
    const auto address = parse_ip_address(text.substr(0, slash));
    if (!address)
        return address.error();
    if (slash == std::string_view::npos)
        return of(*address);
    const std::string_view digits = text.substr(slash + 1);
    unsigned prefix = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), prefix);
    if (digits.empty() || error != std::errc() || end != digits.data() + digits.size() ||
        prefix > width_of(*address) || (digits.size() > 1 && digits.front() == '0'))
        return Error(ProxyError::bad_target,
                     fmt::format("\"{}\" is not a block of addresses: after the slash a number "
                                 "from 0 to {} was expected",
                                 text, width_of(*address)));
    IpNetwork network{cut(*address, prefix), prefix};
    if (network.address != *address)
        return Error(ProxyError::bad_target,
                     fmt::format("\"{}\" has bits set beyond its prefix: write {} for the block or "
                                 "{} for the one address",
                                 text, to_string(network), address->to_string()));
    if (prefix >= mapped_prefix && unmapped(network.address).is_v4() && network.address.is_v6())
        network = {unmapped(network.address), prefix - mapped_prefix};
    return network;
}

bool IpNetwork::contains(const IpAddress& unmapped_address) const {
    return address.is_v4() == unmapped_address.is_v4() && cut(unmapped_address, prefix) == address;
}

bool IpNetwork::is_within(const IpNetwork& other) const {
    return prefix >= other.prefix && other.contains(address);
}

std::string to_string(const IpNetwork& network) {
    if (network.prefix == width_of(network.address))
        return network.address.to_string();
    return fmt::format("{}/{}", network.address.to_string(), network.prefix);
}

const SpecialBlock* special_block_of(const IpAddress& unmapped_address) {
    const auto block = [](const char* text, std::string_view what) {
        return SpecialBlock{IpNetwork::parse(text).value(), what};
    };
    // From the most to the least specific, after the registries of RFC 6890; private networks are
    // not here, since a VPC's endpoints live in them.
    static const std::vector<SpecialBlock> blocks{
        block("255.255.255.255", "the broadcast address"),
        block("0.0.0.0/8", "an unspecified address, which means this host"),
        block("127.0.0.0/8", "a loopback address"),
        block("169.254.0.0/16", "a link-local address, as the instance metadata service has"),
        block("224.0.0.0/4", "a multicast address"),
        block("240.0.0.0/4", "a reserved address"),
        block("::/128", "the unspecified address, which means this host"),
        block("::1/128", "the loopback address"),
        block("::/96", "an address of the withdrawn IPv4-compatible form"),
        block("64:ff9b:1::/48", "an address that a local translator turns into IPv4"),
        block("fd00:ec2::/32", "an address of EC2's own services, such as instance metadata"),
        block("fe80::/10", "a link-local address"),
        block("fec0::/10", "a site-local address"),
        block("ff00::/8", "a multicast address"),
    };
    for (const SpecialBlock& candidate : blocks)
        if (candidate.network.contains(unmapped_address))
            return &candidate;
    return nullptr;
}

}  // namespace glovebox::core
