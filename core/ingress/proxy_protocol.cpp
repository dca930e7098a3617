// SPDX-License-Identifier: Apache-2.0

#include "core/ingress/proxy_protocol.h"

#include <fmt/core.h>

#include <algorithm>
#include <boost/crc.hpp>
#include <cstdint>
#include <utility>

namespace glovebox::core {
namespace {

using boost::asio::ip::tcp;

constexpr std::string_view proxy_signature("\r\n\r\n\0\r\nQUIT\n", 12);
constexpr std::string_view version_1 = "PROXY ";
constexpr std::size_t proxy_head_size = 16;
constexpr unsigned char command_local = 0x20;
constexpr unsigned char command_proxy = 0x21;
constexpr unsigned char tcp_over_ipv4 = 0x11;
constexpr unsigned char tcp_over_ipv6 = 0x21;
constexpr unsigned char type_authority = 0x02;
constexpr unsigned char type_crc32c = 0x03;
constexpr std::size_t type_head_size = 3;
constexpr std::size_t crc_size = 4;

std::string in_network_order(std::uint64_t value, std::size_t bytes) {
    std::string text;
    while (bytes-- > 0)
        text += static_cast<char>(value >> (8 * bytes));
    return text;
}

std::uint32_t big_endian(std::string_view bytes) {
    std::uint32_t value = 0;
    for (const char byte : bytes)
        value = value << 8 | static_cast<unsigned char>(byte);
    return value;
}

std::string extra(unsigned char type, std::string_view value) {
    return static_cast<char>(type) + in_network_order(value.size(), 2) + std::string(value);
}

template <class Bytes>
std::string text_of_bytes(const Bytes& bytes) {
    return {bytes.begin(), bytes.end()};
}

boost::asio::ip::address_v6 as_ipv6(const boost::asio::ip::address& address) {
    return address.is_v6()
               ? address.to_v6()
               : boost::asio::ip::make_address_v6(boost::asio::ip::v4_mapped, address.to_v4());
}

// Both addresses, then both ports.
template <class Address>
ProxiedEnds read_ends(std::string_view body) {
    typename Address::bytes_type client{};
    typename Address::bytes_type server{};
    std::copy_n(body.begin(), client.size(), client.begin());
    std::copy_n(body.begin() + client.size(), server.size(), server.begin());
    const std::string_view ports = body.substr(client.size() + server.size());
    return {
        tcp::endpoint(Address(client), static_cast<std::uint16_t>(big_endian(ports.substr(0, 2)))),
        tcp::endpoint(Address(server), static_cast<std::uint16_t>(big_endian(ports.substr(2, 2))))};
}

constexpr std::size_t ends_size(std::size_t address_size) {
    return 2 * address_size + 2 * sizeof(std::uint16_t);
}

// CRC-32C over the whole header, in which the value itself counts as zeros.
std::uint32_t crc_of(std::string header, std::size_t value_at) {
    std::fill_n(header.begin() + static_cast<std::ptrdiff_t>(value_at), crc_size, '\0');
    boost::crc_optimal<32, 0x1EDC6F41, 0xFFFFFFFF, 0xFFFFFFFF, true, true> crc;
    crc.process_bytes(header.data(), header.size());
    return crc.checksum();
}

}  // namespace

std::string proxy_header(const ProxiedEnds& ends, const ProxyHeaderExtras& extras) {
    const bool is_ipv4 = ends.client.address().is_v4() && ends.server.address().is_v4();
    std::string body;
    for (const tcp::endpoint* end : {&ends.client, &ends.server})
        body += is_ipv4 ? text_of_bytes(end->address().to_v4().to_bytes())
                        : text_of_bytes(as_ipv6(end->address()).to_bytes());
    for (const tcp::endpoint* end : {&ends.client, &ends.server})
        body += in_network_order(end->port(), 2);
    if (!extras.name.empty())
        body += extra(type_authority, extras.name);
    if (extras.vsock)
        body += extra(proxy_type_vsock, in_network_order(extras.vsock->cid, 4) +
                                            in_network_order(extras.vsock->port, 4));
    std::string header(proxy_signature);
    header += static_cast<char>(command_proxy);
    header += static_cast<char>(is_ipv4 ? tcp_over_ipv4 : tcp_over_ipv6);
    return header + in_network_order(body.size(), 2) + body;
}

ProxyHeaderReader::State ProxyHeaderReader::feed(std::string_view bytes) {
    while (state_ == State::needs_more && !bytes.empty()) {
        const std::size_t size =
            header_.size() < proxy_head_size
                ? proxy_head_size
                : proxy_head_size +
                      big_endian(std::string_view(header_).substr(proxy_head_size - 2, 2));
        const std::string_view piece = bytes.substr(0, size - header_.size());
        header_ += piece;
        bytes.remove_prefix(piece.size());
        if (header_.size() <= proxy_head_size)
            take_head();
        else if (header_.size() == size)
            take_body();
    }
    if (state_ == State::complete)
        early_ += bytes;
    return state_;
}

// As far as it has come: what is no header is refused by its first wrong byte, and not waited for.
void ProxyHeaderReader::take_head() {
    const std::string_view begun = std::string_view(header_).substr(0, proxy_signature.size());
    if (!proxy_signature.starts_with(begun)) {
        const bool may_be_older = version_1.starts_with(begun.substr(0, version_1.size()));
        if (may_be_older && begun.size() < version_1.size())
            return;
        return refuse(may_be_older
                          ? "the PROXY header has version 1, and version 2 was expected: HAProxy "
                            "writes it with send-proxy-v2"
                          : "no PROXY header (version 2) came first, as --proxy-protocol-from "
                            "expects from this address");
    }
    if (header_.size() < proxy_head_size)
        return;
    const auto command = static_cast<unsigned char>(header_[proxy_signature.size()]);
    if (command != command_proxy && command != command_local)
        return refuse(
            fmt::format("the PROXY header has version and command {:#x}, and 0x20 or "
                        "0x21 was expected",
                        command));
    const std::uint32_t length =
        big_endian(std::string_view(header_).substr(proxy_head_size - 2, 2));
    if (proxy_head_size + length > proxy_header_size_max)
        return refuse(fmt::format("the PROXY header has {} bytes, and {} is the most",
                                  proxy_head_size + length, proxy_header_size_max));
    if (length == 0)
        take_body();
}

void ProxyHeaderReader::take_body() {
    const auto command = static_cast<unsigned char>(header_[proxy_signature.size()]);
    const auto family = static_cast<unsigned char>(header_[proxy_signature.size() + 1]);
    const std::string_view body = std::string_view(header_).substr(proxy_head_size);
    std::size_t size = 0;
    if (command == command_proxy && (family == tcp_over_ipv4 || family == tcp_over_ipv6)) {
        const bool is_ipv4 = family == tcp_over_ipv4;
        size = is_ipv4 ? ends_size(sizeof(boost::asio::ip::address_v4::bytes_type))
                       : ends_size(sizeof(boost::asio::ip::address_v6::bytes_type));
        if (body.size() < size)
            return refuse("the PROXY header is too short for its addresses");
        ends_ = is_ipv4 ? read_ends<boost::asio::ip::address_v4>(body)
                        : read_ends<boost::asio::ip::address_v6>(body);
        if (!check_extras(proxy_head_size + size))
            return;
    }
    state_ = State::complete;
    header_ = {};
}

bool ProxyHeaderReader::check_extras(std::size_t at) {
    const std::string_view header = header_;
    while (at < header.size()) {
        const std::string_view rest = header.substr(at);
        const std::size_t length = rest.size() < type_head_size ? 0 : big_endian(rest.substr(1, 2));
        if (rest.size() < type_head_size + length) {
            refuse("a value of the PROXY header is cut off");
            return false;
        }
        const std::size_t value_at = at + type_head_size;
        if (static_cast<unsigned char>(rest.front()) == type_crc32c &&
            (length != crc_size ||
             big_endian(header.substr(value_at, length)) != crc_of(header_, value_at))) {
            refuse("the PROXY header is damaged: its checksum differs");
            return false;
        }
        at = value_at + length;
    }
    return true;
}

void ProxyHeaderReader::refuse(std::string sentence) {
    state_ = State::refused;
    header_.clear();
    ends_.reset();
    sentence_ = std::move(sentence);
}

}  // namespace glovebox::core
