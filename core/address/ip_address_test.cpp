// SPDX-License-Identifier: Apache-2.0

#include "core/address/ip_address.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace glovebox::core {
namespace {

IpAddress parsed(std::string_view text) {
    return parse_ip_address(text).value();
}
IpNetwork network(std::string_view text) {
    return IpNetwork::parse(text).value();
}

TEST(IpAddress, OnlyTheFourNumberFormOfIpv4IsRead) {
    EXPECT_EQ(parsed("192.0.2.7").to_string(), "192.0.2.7");
    for (const char* text :
         {"", "127.1", "2852039166", "0251.0376.0251.0376", "0x7f.0.0.1", "127.0.0.01", "1.2.3",
          "1.2.3.4.5", "1.2.3.256", "1.2.3.4 ", " 1.2.3.4", "1.2.3.4.", "1..2.3"})
        EXPECT_FALSE(parse_ip_address(text)) << text;
}

TEST(IpAddress, Ipv6IsReadWithoutBracketsAndScope) {
    EXPECT_EQ(parsed("2001:DB8:0::7").to_string(), "2001:db8::7");
    for (const char* text :
         {"[::1]", "fe80::1%eth0", "fe80::1%1", "1:2:3:4:5:6:7", ":::", "12345::", "::g"})
        EXPECT_FALSE(parse_ip_address(text)) << text;
    EXPECT_FALSE(parse_ip_address(std::string(1000, ':')));
    EXPECT_FALSE(parse_ip_address(std::string_view("::1\0", 4)));
}

TEST(IpAddress, MappedAndTranslatedFormsBecomeIpv4) {
    EXPECT_EQ(unmapped(parsed("::ffff:169.254.169.254")).to_string(), "169.254.169.254");
    EXPECT_EQ(unmapped(parsed("::FFFF:a9fe:a9fe")).to_string(), "169.254.169.254");
    EXPECT_EQ(unmapped(parsed("64:ff9b::7f00:1")).to_string(), "127.0.0.1");
    EXPECT_EQ(unmapped(parsed("2001:db8::7f00:1")).to_string(), "2001:db8::7f00:1");
    EXPECT_EQ(unmapped(parsed("64:ff9b:0:1::7f00:1")).to_string(), "64:ff9b:0:1::7f00:1");
}

TEST(IpAddress, AScopeIsDroppedForJudging) {
    const boost::asio::ip::address_v6 plain = parsed("fe80::1").to_v6();
    const boost::asio::ip::address_v6 scoped(plain.to_bytes(), 3);
    EXPECT_EQ(unmapped(scoped), IpAddress(plain));
}

TEST(IpNetwork, ContainsItsAddressesAndNoOthers) {
    EXPECT_TRUE(network("10.0.0.0/8").contains(parsed("10.255.255.255")));
    EXPECT_FALSE(network("10.0.0.0/8").contains(parsed("11.0.0.0")));
    EXPECT_TRUE(network("192.0.2.128/25").contains(parsed("192.0.2.128")));
    EXPECT_FALSE(network("192.0.2.128/25").contains(parsed("192.0.2.127")));
    EXPECT_TRUE(network("2001:db8::/33").contains(parsed("2001:db8:7fff::1")));
    EXPECT_FALSE(network("2001:db8::/33").contains(parsed("2001:db8:8000::1")));
    EXPECT_TRUE(network("0.0.0.0/0").contains(parsed("255.255.255.255")));
    EXPECT_FALSE(network("0.0.0.0/0").contains(parsed("::1")));
    EXPECT_FALSE(network("::/0").contains(parsed("1.2.3.4")));
    EXPECT_TRUE(network("192.0.2.7").contains(parsed("192.0.2.7")));
    EXPECT_FALSE(network("192.0.2.7").contains(parsed("192.0.2.6")));
}

TEST(IpNetwork, MappedBlocksBecomeIpv4Blocks) {
    EXPECT_EQ(network("::ffff:10.0.0.0/104"), network("10.0.0.0/8"));
    EXPECT_EQ(network("::ffff:10.0.0.1"), network("10.0.0.1"));
    EXPECT_EQ(network("64:ff9b::/96"), network("0.0.0.0/0"));
}

TEST(IpNetwork, BitsBeyondThePrefixAreRefusedWithWhatWasMeant) {
    const auto result = IpNetwork::parse("10.1.2.3/8");
    ASSERT_FALSE(result);
    EXPECT_THAT(result.error().message, testing::HasSubstr("write 10.0.0.0/8"));
    for (const char* text : {"10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/08", "::/129",
                             "10.0.0.0/8/8", "/8", "10.0.0.0/8 ", "10/8"})
        EXPECT_FALSE(IpNetwork::parse(text)) << text;
}

TEST(SpecialBlock, WhatLeadsBackToThisHostOrItsLinkIsKnown) {
    for (const char* text :
         {"127.0.0.1",   "127.255.0.9", "0.0.0.0",         "0.1.2.3",       "169.254.169.254",
          "169.254.1.1", "224.0.0.1",   "239.255.255.250", "240.0.0.1",     "255.255.255.255",
          "::",          "::1",         "::127.0.0.1",     "fe80::1",       "febf::1",
          "fec0::1",     "ff02::1",     "fd00:ec2::254",   "fd00:ec2::123", "64:ff9b:1::7f00:1"})
        EXPECT_NE(special_block_of(parsed(text)), nullptr) << text;
    for (const char* text : {"1.1.1.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "100.64.0.1",
                             "128.0.0.1", "169.253.0.1", "169.255.0.1", "223.255.255.255",
                             "2001:db8::1", "fd00:ec3::254", "fc00::1", "::1:0:0:1"})
        EXPECT_EQ(special_block_of(parsed(text)), nullptr) << text;
}

}  // namespace
}  // namespace glovebox::core
