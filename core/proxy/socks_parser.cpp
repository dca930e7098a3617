// SPDX-License-Identifier: Apache-2.0

#include "core/proxy/socks_parser.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <utility>

namespace glovebox::core {
namespace {

constexpr std::uint8_t no_authentication = 0;
constexpr std::uint8_t connect_command = 1;
constexpr std::uint8_t ipv4_address = 1;
constexpr std::uint8_t domain_name = 3;
constexpr std::uint8_t ipv6_address = 4;

std::uint8_t byte_at(std::string_view bytes, std::size_t place) {
    return static_cast<std::uint8_t>(bytes[place]);
}

template <class Address>
IpAddress address_of(std::string_view bytes) {
    typename Address::bytes_type raw{};
    std::copy(bytes.begin(), bytes.end(), raw.begin());
    return Address(raw);
}

std::string version_sentence(std::uint8_t version) {
    return fmt::format(
        "the version is {}, and SOCKS 5 was expected: write socks5h:// in the address of the "
        "client's proxy",
        version);
}

}  // namespace

SocksParser::State SocksParser::feed(std::string_view bytes) {
    if (state_ == State::complete)
        early_ += bytes;
    if (state_ != State::needs_more)
        return state_;
    bytes_ += bytes;
    has_greeted_ = has_greeted_ || take_greeting();
    if (has_greeted_)
        take_request();
    return state_;
}

bool SocksParser::take_greeting() {
    if (bytes_.empty())
        return false;
    if (bytes_[0] != socks_version) {
        is_version_4_ = bytes_[0] == socks4_version;
        refuse(SocksReply::failed, version_sentence(byte_at(bytes_, 0)));
        return false;
    }
    if (bytes_.size() < 2 || bytes_.size() < 2U + byte_at(bytes_, 1))
        return false;
    const std::string methods = bytes_.substr(2, byte_at(bytes_, 1));
    bytes_.erase(0, 2 + methods.size());
    if (methods.find(static_cast<char>(no_authentication)) == std::string::npos) {
        answer_ = {socks_version, '\xff'};
        refuse(SocksReply::failed,
               "the client offers no method without authentication: take the name and password out "
               "of its proxy's address");
        return false;
    }
    answer_ = {socks_version, static_cast<char>(no_authentication)};
    return true;
}

// 05 01 00, the address's type, the address, the port.
void SocksParser::take_request() {
    constexpr std::size_t head = 4;
    constexpr std::size_t port_size = 2;
    if (bytes_.size() < head)
        return;
    if (bytes_[0] != socks_version)
        return refuse(SocksReply::failed, version_sentence(byte_at(bytes_, 0)));
    if (byte_at(bytes_, 1) != connect_command)
        return refuse(
            SocksReply::no_such_command,
            fmt::format("the command is {}, and only CONNECT (1) is served: a vsock proxy "
                        "carries no UDP and no connections the other way",
                        byte_at(bytes_, 1)));
    const std::uint8_t type = byte_at(bytes_, 3);
    std::size_t begin = head;
    std::size_t size = 0;
    if (type == ipv4_address) {
        size = 4;
    } else if (type == ipv6_address) {
        size = 16;
    } else if (type != domain_name) {
        return refuse(SocksReply::no_such_address_type,
                      fmt::format("the address is of type {}, and a name (3), IPv4 (1) or IPv6 (4) "
                                  "was expected",
                                  type));
    } else {
        if (bytes_.size() == head)
            return;
        size = byte_at(bytes_, begin++);
    }
    if (bytes_.size() < begin + size + port_size)
        return;
    early_ = bytes_.substr(begin + size + port_size);
    take_target(std::string_view(bytes_).substr(begin, size + port_size), type);
    bytes_.clear();
}

void SocksParser::take_target(std::string_view address, std::size_t type) {
    const std::string_view host = address.substr(0, address.size() - 2);
    target_.port = static_cast<TcpPort>(byte_at(address, host.size()) << 8 |
                                        byte_at(address, host.size() + 1));
    if (target_.port == 0)
        return refuse(SocksReply::failed, "the port is 0: one from 1 to 65535 was expected");
    if (type == domain_name) {
        auto parsed = parse_host(host);
        if (!parsed)
            return refuse(SocksReply::failed, parsed.error().message);
        target_.host = std::move(*parsed);
    } else if (type == ipv4_address) {
        target_.host = address_of<boost::asio::ip::address_v4>(host);
    } else {
        target_.host = address_of<boost::asio::ip::address_v6>(host);
    }
    state_ = State::complete;
}

void SocksParser::refuse(SocksReply reply, std::string sentence) {
    state_ = State::refused;
    bytes_.clear();
    early_.clear();
    reply_ = reply;
    sentence_ = std::move(sentence);
}

std::string SocksParser::refused_message(SocksReply reply) const {
    // SOCKS 4: "request rejected or failed", a port and an address that mean nothing.
    if (is_version_4_)
        return {0, '\x5b', 0, 0, 0, 0, 0, 0};
    return has_greeted_ ? to_message(reply) : std::string();
}

std::string to_message(SocksReply reply) {
    std::string message(10, '\0');
    message[0] = socks_version;
    message[1] = static_cast<char>(reply);
    message[3] = static_cast<char>(ipv4_address);
    return message;
}

SocksReply socks_reply_of(const HttpRefusal& refusal) {
    constexpr std::array<std::pair<std::string_view, SocksReply>, 6> replies{{
        {"http_request_denied", SocksReply::not_allowed},
        {"dns_error", SocksReply::host_unreachable},
        {"dns_timeout", SocksReply::host_unreachable},
        {"connection_timeout", SocksReply::timed_out},
        {"connection_refused", SocksReply::connection_refused},
        {"destination_ip_unroutable", SocksReply::network_unreachable},
    }};
    for (const auto& [error, reply] : replies)
        if (refusal.proxy_error == error)
            return reply;
    return SocksReply::failed;
}

}  // namespace glovebox::core
