// SPDX-License-Identifier: Apache-2.0

#include "sim/http/connections.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <vector>

namespace glovebox::http {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// Connections with names, and the names of those that were made to end.
class ConnectionsTest : public testing::Test {
  protected:
    Connections::Place add(const std::string& ip, const std::string& name) {
        return all_.add(ip, [this, name] { ended_.push_back(name); });
    }

    std::vector<std::string> ended_;
    Connections all_{{.connections = 3, .body_bytes = 100}, null_log()};
};

TEST_F(ConnectionsTest, UpToTheLimitNobodyEnds) {
    const auto a = add("192.0.2.1", "a");
    const auto b = add("192.0.2.1", "b");
    {
        const auto c = add("192.0.2.1", "c");
        EXPECT_EQ(all_.size(), 3u);
    }
    const auto d = add("192.0.2.1", "d");
    EXPECT_EQ(all_.size(), 3u);
    EXPECT_THAT(ended_, IsEmpty());
}

TEST_F(ConnectionsTest, AtTheLimitTheOneThatWaitsLongestEnds) {
    auto a = add("192.0.2.1", "a");
    const auto b = add("192.0.2.1", "b");
    const auto c = add("192.0.2.1", "c");
    a.restart();
    const auto d = add("192.0.2.1", "d");
    EXPECT_THAT(ended_, ElementsAre("b"));
    const auto e = add("192.0.2.1", "e");
    EXPECT_THAT(ended_, ElementsAre("b", "c"));
    EXPECT_EQ(all_.size(), 3u);
    all_.make_room();
    EXPECT_THAT(ended_, ElementsAre("b", "c", "a"));
    EXPECT_EQ(all_.size(), 2u);
}

TEST_F(ConnectionsTest, APeerWithManyLosesOneToAPeerWithFew) {
    const auto quiet = add("192.0.2.1", "quiet");
    const auto a = add("192.0.2.2", "a");
    const auto b = add("192.0.2.2", "b");
    const auto c = add("192.0.2.3", "c");
    EXPECT_THAT(ended_, ElementsAre("a"));
}

TEST_F(ConnectionsTest, WhatHasEndedIsTouchedAndGivenUpInPeace) {
    std::optional<Connections::Place> a(add("192.0.2.1", "a"));
    all_.make_room();
    EXPECT_EQ(all_.size(), 0u);
    a->hold_body(1000);
    a->restart();
    all_.make_room();
    EXPECT_THAT(ended_, ElementsAre("a"));
    a.reset();
    EXPECT_EQ(all_.size(), 0u);
}

TEST_F(ConnectionsTest, BodiesAboveTheirMemoryEndTheOldestOfThePeerThatHoldsMost) {
    auto a = add("192.0.2.1", "a");
    auto b = add("192.0.2.2", "b");
    auto c = add("192.0.2.2", "c");
    a.hold_body(40);
    b.hold_body(20);
    c.hold_body(40);
    EXPECT_THAT(ended_, IsEmpty());
    a.restart();
    a.hold_body(60);
    EXPECT_THAT(ended_, ElementsAre("b"));
    a.restart();
    c.hold_body(100);
    EXPECT_THAT(ended_, ElementsAre("b"));
    c.hold_body(1000);
    EXPECT_THAT(ended_, ElementsAre("b")) << "a body alone is limited by its server";
}

TEST_F(ConnectionsTest, APlaceThatIsGivenUpGivesBackItsMemory) {
    { add("192.0.2.1", "a").hold_body(100); }
    auto b = add("192.0.2.1", "b");
    b.hold_body(100);
    EXPECT_THAT(ended_, IsEmpty());
}

TEST(Connections, PeersAreToldApartByWhatTheyCannotChoose) {
    EXPECT_EQ(peer_of("192.0.2.1"), "192.0.2.1");
    EXPECT_EQ(peer_of("::ffff:192.0.2.1"), "192.0.2.1");
    EXPECT_EQ(peer_of("127.0.0.1"), peer_of("127.7.7.7"));
    EXPECT_EQ(peer_of("127.0.0.1"), peer_of("::1"));
    EXPECT_EQ(peer_of("2001:db8:0:1::1"), peer_of("2001:db8:0:1:ffff::"));
    EXPECT_NE(peer_of("2001:db8:0:1::1"), peer_of("2001:db8:0:2::1"));
}

TEST(Connections, ALimitOnDescriptorsKeepsSomeForOtherThings) {
    EXPECT_EQ(connections_within(1024), 896u);
    EXPECT_EQ(connections_within(100), 50u);
    EXPECT_EQ(connections_within(1), 1u);
    EXPECT_EQ(connections_within(0), 1u);
}

}  // namespace
}  // namespace glovebox::http
