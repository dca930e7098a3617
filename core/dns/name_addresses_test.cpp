// SPDX-License-Identifier: Apache-2.0

#include "core/dns/name_addresses.h"

#include <gtest/gtest.h>

#include <fmt/core.h>

#include <set>
#include <string>

namespace glovebox::core {
namespace {

HostName host(const std::string& text) {
    return HostName::parse(text).value();
}

std::string name_at(NameAddresses& addresses, const IpAddress& address) {
    const auto use = addresses.use(address);
    return use ? use->name().text() : "";
}

TEST(NameAddresses, ANameKeepsItsAddressAndTheAddressIsItsOwn) {
    NameAddresses addresses;
    const auto first = addresses.address_of(host("example.com")).value();
    const auto second = addresses.address_of(host("example.org")).value();
    EXPECT_NE(first, second);
    EXPECT_EQ(addresses.address_of(host("EXAMPLE.com.")), first);
    EXPECT_TRUE(NameAddresses::network().contains(first));
    EXPECT_EQ(name_at(addresses, first), "example.com");
    EXPECT_EQ(name_at(addresses, second), "example.org");
    EXPECT_EQ(name_at(addresses, NameAddresses::as_ipv6(second)), "example.org");
}

TEST(NameAddresses, OtherAddressesHaveNoName) {
    NameAddresses addresses;
    static_cast<void>(addresses.address_of(host("example.com")));
    for (const char* text : {"198.18.0.1", "198.18.0.3", "198.19.255.255", "192.0.2.7", "::1",
                             "2001:db8::c612:2", "fd67:6c6f:7665::c000:207"})
        EXPECT_EQ(name_at(addresses, boost::asio::ip::make_address(text)), "") << text;
    EXPECT_TRUE(NameAddresses::has(boost::asio::ip::make_address("198.19.1.1")));
    EXPECT_TRUE(NameAddresses::has(boost::asio::ip::make_address("::ffff:198.19.1.1")));
    EXPECT_FALSE(NameAddresses::has(boost::asio::ip::make_address("198.20.0.0")));
}

TEST(NameAddresses, TheNameOfTheLongestTimeAgoIsForgotten) {
    NameAddresses addresses(2);
    const auto first = addresses.address_of(host("one")).value();
    const auto second = addresses.address_of(host("two")).value();
    static_cast<void>(addresses.address_of(host("one")));
    const auto third = addresses.address_of(host("three")).value();
    EXPECT_EQ(addresses.size(), 2U);
    EXPECT_EQ(name_at(addresses, second), "");
    EXPECT_EQ(name_at(addresses, first), "one");
    // Nobody who keeps the old address reaches the new name.
    EXPECT_NE(third, second);
}

TEST(NameAddresses, AnOpenConnectionKeepsItsName) {
    NameAddresses addresses(2);
    const auto first = addresses.address_of(host("one")).value();
    auto use = addresses.use(first);
    for (int i = 0; i < 1000; ++i)
        static_cast<void>(addresses.address_of(host(fmt::format("name{}", i))));
    EXPECT_EQ(use->name().text(), "one");
    EXPECT_EQ(addresses.address_of(host("one")), first);
    auto other = addresses.use(addresses.address_of(host("name999")).value());
    EXPECT_FALSE(addresses.address_of(host("full")));
    other.reset();
    EXPECT_TRUE(addresses.address_of(host("free")));
    use.reset();
    EXPECT_EQ(addresses.size(), 2U);
}

TEST(NameAddresses, AnAddressIsUsedAgainAfterAllOthers) {
    constexpr std::size_t usable = (std::size_t{1} << 17) - 3;
    NameAddresses addresses(8);
    const auto pinned = addresses.address_of(host("pinned")).value();
    const auto use = addresses.use(pinned);
    std::set<std::uint32_t> seen{pinned.to_uint()};
    for (std::size_t i = 1; i < usable; ++i)
        EXPECT_TRUE(
            seen.insert(addresses.address_of(host(fmt::format("name{}", i))).value().to_uint())
                .second);
    for (int i = 0; i < 20; ++i)
        EXPECT_NE(addresses.address_of(host(fmt::format("again{}", i))), pinned);
}

TEST(NameAddresses, AConnectionMayOutliveThem) {
    std::optional<NameAddresses::Use> use;
    {
        NameAddresses addresses;
        use.emplace(addresses.use(addresses.address_of(host("example.com")).value()).value());
    }
    EXPECT_EQ(use->name().text(), "example.com");
}

}  // namespace
}  // namespace glovebox::core
