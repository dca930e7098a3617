// SPDX-License-Identifier: Apache-2.0

// Each form that hides an IPv4 address, and addresses that look like one and hide nothing.
#include "core/address/embedded_ipv4.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace glovebox::core {
namespace {

namespace ip = boost::asio::ip;
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;

std::string translated(const char* text) {
    const auto found = translated_ipv4(ip::make_address_v6(text));
    return found ? found->to_string() : "none";
}

std::vector<std::string> embedded(const char* text) {
    std::vector<std::string> found;
    for (const EmbeddedIpv4& one : embedded_ipv4(ip::make_address_v6(text)))
        found.push_back(std::string(one.form) + " " + one.address.to_string());
    return found;
}

TEST(EmbeddedIpv4, TranslatedFormsReachTheHostItself) {
    EXPECT_EQ(translated("::ffff:169.254.169.254"), "169.254.169.254");
    EXPECT_EQ(translated("::ffff:0:169.254.169.254"), "169.254.169.254");
    EXPECT_EQ(translated("64:ff9b::7f00:1"), "127.0.0.1");
    for (const char* text : {"2001:db8::7f00:1", "64:ff9b:0:1::7f00:1", "::fffe:7f00:1",
                             "::1:ffff:7f00:1", "::ffff:1:7f00:1", "::7f00:1"})
        EXPECT_EQ(translated(text), "none") << text;
}

TEST(EmbeddedIpv4, TunnelsCarryTheirEnds) {
    EXPECT_THAT(embedded("::127.0.0.1"), ElementsAre("IPv4-compatible 127.0.0.1"));
    EXPECT_THAT(embedded("2002:a9fe:a9fe::1"), ElementsAre("6to4 169.254.169.254"));
    EXPECT_THAT(embedded("2002:a9fe:a9fe:1:2:3:4:5"), ElementsAre("6to4 169.254.169.254"));
    // RFC 4380, 4: the client's address is stored with every bit inverted.
    EXPECT_THAT(embedded("2001:0:4136:e378:8000:63bf:5601:5601"),
                ElementsAre("Teredo 65.54.227.120", "Teredo 169.254.169.254"));
    EXPECT_THAT(embedded("2001:db8::5efe:7f00:1"), ElementsAre("ISATAP 127.0.0.1"));
    EXPECT_THAT(embedded("2001:db8::200:5efe:7f00:1"), ElementsAre("ISATAP 127.0.0.1"));
}

TEST(EmbeddedIpv4, ALocalTranslatorsPrefixMayHaveAnyLength) {
    // Prefixes of 48, 56 and 64 bits.
    for (const char* text :
         {"64:ff9b:1:a9fe:a9:fe00::", "64:ff9b:1:12a9:fe:a9fe::", "64:ff9b:1:1234:a9:fea9:fe00:0"})
        EXPECT_THAT(embedded(text), Contains("NAT64 169.254.169.254")) << text;
    EXPECT_THAT(embedded("64:ff9b:1::a9fe:a9fe"), ElementsAre("NAT64 169.254.169.254"));
}

TEST(EmbeddedIpv4, OrdinaryAddressesCarryNothing) {
    for (const char* text :
         {"2001:db8::1", "2001:1::1", "2003:7f00:1::1", "fd00:ec2::254", "2001:db8::5eff:7f00:1",
          "2001:db8::100:5efe:7f00:1", "64:ff9b:2::7f00:1", "::1:0:0:1"})
        EXPECT_THAT(embedded(text), IsEmpty()) << text;
}

}  // namespace
}  // namespace glovebox::core
