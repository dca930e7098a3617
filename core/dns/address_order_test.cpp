// SPDX-License-Identifier: Apache-2.0

#include "core/dns/address_order.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/ip/address.hpp>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace glovebox::core {
namespace {

using testing::ElementsAre;
using Row = std::pair<std::string, std::string>;  // destination and source; a source may be empty

std::vector<std::string> sorted(const std::vector<Row>& rows) {
    std::map<IpAddress, std::optional<IpAddress>> sources;
    std::vector<IpAddress> addresses;
    for (const auto& [destination, source] : rows) {
        addresses.push_back(boost::asio::ip::make_address(destination));
        if (!source.empty())
            sources[addresses.back()] = boost::asio::ip::make_address(source);
    }
    sort_addresses(addresses, [&](const IpAddress& address) { return sources[address]; });
    std::vector<std::string> texts;
    for (const IpAddress& address : addresses)
        texts.push_back(address.to_string());
    return texts;
}

// The examples of RFC 6724, 10.2, that the rules decide.
TEST(AddressOrder, TheExamplesOfTheRfc) {
    EXPECT_THAT(sorted({{"198.51.100.121", "169.254.13.78"}, {"2001:db8:1::1", "2001:db8:1::2"}}),
                ElementsAre("2001:db8:1::1", "198.51.100.121"));
    EXPECT_THAT(sorted({{"2001:db8:1::1", "fe80::1"}, {"198.51.100.121", "198.51.100.117"}}),
                ElementsAre("198.51.100.121", "2001:db8:1::1"));
    EXPECT_THAT(sorted({{"10.1.2.3", "10.1.2.4"}, {"2001:db8:1::1", "2001:db8:1::2"}}),
                ElementsAre("2001:db8:1::1", "10.1.2.3"));
    EXPECT_THAT(sorted({{"2001:db8:1::1", "2001:db8:1::2"}, {"fe80::1", "fe80::2"}}),
                ElementsAre("fe80::1", "2001:db8:1::1"));
    EXPECT_THAT(
        sorted({{"2001:db8:3ffe::1", "2001:db8:3f44::2"}, {"2001:db8:1::1", "2001:db8:1::2"}}),
        ElementsAre("2001:db8:1::1", "2001:db8:3ffe::1"));
    EXPECT_THAT(sorted({{"2001:db8:1::1", "2002:c633:6401::2"},
                        {"2002:c633:6401::1", "2002:c633:6401::2"}}),
                ElementsAre("2002:c633:6401::1", "2001:db8:1::1"));
}

TEST(AddressOrder, AHostWithoutIpv6TriesIpv4First) {
    EXPECT_THAT(sorted({{"2001:db8::1", ""}, {"2001:db8::2", ""}, {"192.0.2.1", "10.0.0.1"}}),
                ElementsAre("192.0.2.1", "2001:db8::1", "2001:db8::2"));
}

// A private IPv6 network does not lead to the internet.
TEST(AddressOrder, AUniqueLocalSourceDoesNotSpeakForAGlobalDestination) {
    EXPECT_THAT(sorted({{"2001:db8::1", "fd00::2"}, {"192.0.2.1", "10.0.0.1"}}),
                ElementsAre("192.0.2.1", "2001:db8::1"));
}

TEST(AddressOrder, EqualAddressesKeepTheOrderOfTheNameServer) {
    EXPECT_THAT(
        sorted({{"192.0.2.3", "10.0.0.1"}, {"192.0.2.1", "10.0.0.1"}, {"192.0.2.2", "10.0.0.1"}}),
        ElementsAre("192.0.2.3", "192.0.2.1", "192.0.2.2"));
}

TEST(AddressOrder, TheKernelIsAskedForTheSource) {
    std::vector<IpAddress> addresses{boost::asio::ip::make_address("255.255.255.255"),
                                     boost::asio::ip::make_address("127.0.0.2"),
                                     boost::asio::ip::make_address("255.255.255.255"),
                                     boost::asio::ip::make_address("127.0.0.1")};
    sort_addresses(addresses);
    EXPECT_EQ(addresses[0].to_string(), "127.0.0.2");
    EXPECT_EQ(addresses[1].to_string(), "127.0.0.1");
}

}  // namespace
}  // namespace glovebox::core
