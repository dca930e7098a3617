// SPDX-License-Identifier: Apache-2.0

#include "core/ingress/proxy_protocol.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/bytes.h"
#include "core/dial/dialer.h"

namespace glovebox::core {
namespace {

using HeaderState = ProxyHeaderReader::State;
using boost::asio::ip::make_address;
using boost::asio::ip::tcp;
using testing::HasSubstr;
using testing::StartsWith;

// The signature, then hexadecimal.
std::string header(std::string_view hex) {
    return "\r\n\r\n" + std::string(1, '\0') + "\r\nQUIT\n" +
           std::string(as_text(from_hex(hex).value()));
}

// "CLIENT to SERVER", "none", "more", or the sentence of a refusal; the same however it is cut.
std::string ends_in(const std::string& stream) {
    const auto outcome = [](const ProxyHeaderReader& reader) -> std::string {
        if (reader.state() == HeaderState::needs_more)
            return "more";
        if (reader.state() == HeaderState::refused)
            return "refused: " + reader.sentence();
        return reader.ends()
                   ? to_string(reader.ends()->client) + " to " + to_string(reader.ends()->server)
                   : "none";
    };
    ProxyHeaderReader whole;
    whole.feed(stream);
    ProxyHeaderReader pieces;
    for (const char byte : stream)
        pieces.feed({&byte, 1});
    EXPECT_EQ(outcome(pieces), outcome(whole));
    EXPECT_EQ(pieces.take_early_bytes(), whole.take_early_bytes());
    return outcome(whole);
}

TEST(ProxyProtocol, AHeaderIsWrittenByteForByte) {
    const ProxiedEnds ends{{make_address("203.0.113.7"), 51234}, {make_address("10.0.0.1"), 443}};
    EXPECT_EQ(to_hex(as_bytes(proxy_header(ends, {}))),
              to_hex(as_bytes(header("2111000ccb0071070a000001c82201bb"))));
    EXPECT_EQ(to_hex(as_bytes(proxy_header(ends, {"a.example", VsockAddress{16, 0x40000001}}))),
              to_hex(as_bytes(header("21110023cb0071070a000001c82201bb"
                                     "020009612e6578616d706c65"
                                     "e500080000001040000001"))));
}

TEST(ProxyProtocol, EndsOfTwoFamiliesAreIPv6) {
    const ProxiedEnds ends{{make_address("203.0.113.7"), 1}, {make_address("2001:db8::1"), 2}};
    EXPECT_EQ(ends_in(proxy_header(ends, {})), "[::ffff:203.0.113.7]:1 to [2001:db8::1]:2");
}

TEST(ProxyProtocol, WhatIsWrittenIsRead) {
    const ProxiedEnds ends{{make_address("2001:db8::7"), 51234}, {make_address("::1"), 443}};
    const std::string written = proxy_header(ends, {"a.example", VsockAddress{16, 5005}});
    ProxyHeaderReader reader;
    EXPECT_EQ(reader.feed(written + "early"), HeaderState::complete);
    EXPECT_EQ(reader.ends(), ends);
    EXPECT_EQ(reader.take_early_bytes(), "early");
    for (std::size_t size = 0; size < written.size(); ++size)
        EXPECT_EQ(ends_in(written.substr(0, size)), "more") << size;
}

TEST(ProxyProtocol, AHeaderMayTellNoEnds) {
    EXPECT_EQ(ends_in(header("20000000")), "none") << "LOCAL";
    EXPECT_EQ(ends_in(header("2011000ccb0071070a000001c82201bb")), "none") << "LOCAL with ends";
    EXPECT_EQ(ends_in(header("21000003040000")), "none") << "UNSPEC";
    EXPECT_EQ(ends_in(header("2112000ccb0071070a000001c82201bb")), "none") << "UDP";
}

// As a Network Load Balancer writes it: with a checksum, and the VPC endpoint in AWS's type.
TEST(ProxyProtocol, TheChecksumIsVerified) {
    const std::string good =
        header("2111001bcb0071070a000001c82201bb030004b19a36eeea00050176706365");
    EXPECT_EQ(ends_in(good), "203.0.113.7:51234 to 10.0.0.1:443");
    constexpr std::size_t body_at = 16;
    constexpr std::size_t checksum_at = 28;  // its type: with another one it is no checksum
    for (std::size_t at = body_at; at < good.size(); ++at) {
        if (at == checksum_at)
            continue;
        std::string damaged = good;
        damaged[at] = static_cast<char>(damaged[at] ^ 1);
        EXPECT_NE(ends_in(damaged), ends_in(good)) << at;
    }
    std::string other_client = good;
    other_client[body_at] = 1;
    EXPECT_THAT(ends_in(other_client), HasSubstr("damaged: its checksum differs"));
}

TEST(ProxyProtocol, OtherBytesAreRefusedAtOnce) {
    EXPECT_THAT(ends_in("\x16"), StartsWith("refused: no PROXY header"));
    EXPECT_THAT(ends_in("GET / HTTP/1.1\r\n"), StartsWith("refused: no PROXY header"));
    EXPECT_THAT(ends_in("POST / HTTP/1.1\r\n"), StartsWith("refused: no PROXY header"));
    EXPECT_THAT(ends_in("\r\n\r\nGET"), StartsWith("refused: no PROXY header"));
    EXPECT_THAT(ends_in("PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n"), HasSubstr("send-proxy-v2"));
}

TEST(ProxyProtocol, AMalformedHeaderIsRefused) {
    EXPECT_THAT(ends_in(header("11110000")), HasSubstr("0x11"));
    EXPECT_THAT(ends_in(header("22110000")), HasSubstr("0x22"));
    EXPECT_THAT(ends_in(header("21110000")), HasSubstr("too short"));
    EXPECT_THAT(ends_in(header("2121000ccb0071070a000001c82201bb")), HasSubstr("too short"));
    EXPECT_THAT(ends_in(header("2111ffff")), HasSubstr("65551 bytes"));
    EXPECT_THAT(ends_in(header("2111000ecb0071070a000001c82201bb0400")), HasSubstr("cut off"));
    EXPECT_THAT(ends_in(header("21110010cb0071070a000001c82201bb04000201")), HasSubstr("cut off"));
    EXPECT_THAT(ends_in(header("21110010cb0071070a000001c82201bb03000100")), HasSubstr("checksum"));
}

}  // namespace
}  // namespace glovebox::core
