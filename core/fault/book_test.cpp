// SPDX-License-Identifier: Apache-2.0

#include "core/fault/book.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace glovebox::fault {
namespace {

using core::VsockAddress;
using namespace std::chrono_literals;
using ::testing::ElementsAre;

constexpr VsockAddress client{16, 1024};
constexpr VsockAddress proxy{3, 8000};

class BookTest : public ::testing::Test {
  protected:
    unsigned set(const Fault& fault) { return book_.set(fault, Time{}); }
    std::vector<std::string> take_news() { return std::exchange(news_, {}); }

    std::vector<std::string> news_;
    Book book_{[this](const News& news) {
        const char* const what = news.what == News::What::set      ? "set"
                                 : news.what == News::What::struck ? "struck"
                                                                   : "healed";
        news_.push_back(what + (" " + std::to_string(news.id)));
    }};
};

TEST_F(BookTest, ARefusalIsForItsPortAndForSoManyConnects) {
    set({.kind = Kind::refuse, .port = 8000, .times = 2});
    EXPECT_FALSE(book_.refuses(client, {3, 8001}));
    EXPECT_TRUE(book_.refuses(client, proxy));
    EXPECT_TRUE(book_.refuses({17, 1}, proxy));
    EXPECT_FALSE(book_.refuses(client, proxy));
    EXPECT_THAT(take_news(), ElementsAre("set 1", "struck 1", "struck 1", "healed 1"));
}

TEST_F(BookTest, FromAndToAreTheEndsOfTheConnection) {
    set({.kind = Kind::refuse, .from = 3, .to = 16});
    EXPECT_FALSE(book_.refuses(client, proxy));
    EXPECT_TRUE(book_.refuses({3, 1024}, {16, 5005}));
}

TEST_F(BookTest, ACutComesAfterItsBytesAndNotBefore) {
    const auto connection = book_.open(client, proxy);
    book_.carried(connection, 500);
    set({.kind = Kind::cut, .after = 100});
    EXPECT_EQ(book_.effects(connection).bytes_until_change, 100U);
    book_.carried(connection, 99);
    EXPECT_EQ(book_.effects(connection).bytes_until_change, 1U);
    EXPECT_EQ(book_.effects(connection).end, Effects::End::none);
    book_.carried(connection, 1);
    EXPECT_EQ(book_.effects(connection).end, Effects::End::cut);
    const auto later = book_.open(client, proxy);
    EXPECT_EQ(book_.effects(later).bytes_until_change, 100U);
}

TEST_F(BookTest, ACutThatHasStruckOftenEnoughIsOver) {
    set({.kind = Kind::cut, .after = 0, .times = 1});
    EXPECT_EQ(book_.effects(book_.open(client, proxy)).end, Effects::End::cut);
    EXPECT_EQ(book_.effects(book_.open(client, proxy)).end, Effects::End::none);
    EXPECT_THAT(take_news(), ElementsAre("set 1", "struck 1", "healed 1"));
}

TEST_F(BookTest, ADelayGoesOnForTheConnectionsThatItHasStruck) {
    set({.kind = Kind::delay, .times = 1, .time = 5ms});
    const auto first = book_.open(client, proxy);
    const auto second = book_.open(client, proxy);
    EXPECT_EQ(book_.effects(first).delay, 5ms);
    EXPECT_EQ(book_.effects(second).delay, 0ms);
    EXPECT_EQ(book_.effects(first).delay, 5ms);
    EXPECT_TRUE(book_.heal(1, "test"));
    EXPECT_EQ(book_.effects(first).delay, 0ms);
    EXPECT_FALSE(book_.heal(1, "test"));
    EXPECT_THAT(take_news(), ElementsAre("set 1", "struck 1", "healed 1"));
}

TEST_F(BookTest, SomeConnectionsPassBeforeAFaultStrikes) {
    set({.kind = Kind::cut, .after = 10, .times = 1, .skip = 1});
    const auto first = book_.open(client, proxy);
    const auto second = book_.open(client, proxy);
    book_.carried(first, 10);
    for (int look = 0; look < 3; ++look)
        EXPECT_EQ(book_.effects(first).end, Effects::End::none);
    EXPECT_EQ(book_.effects(second).end, Effects::End::none);
    book_.carried(second, 10);
    EXPECT_EQ(book_.effects(second).end, Effects::End::cut);
    EXPECT_THAT(take_news(), ElementsAre("set 1", "struck 1", "healed 1"));
}

TEST_F(BookTest, SomeConnectsAndRequestsPassBeforeAFaultStrikes) {
    set({.kind = Kind::refuse, .times = 1, .skip = 2});
    EXPECT_FALSE(book_.refuses(client, proxy));
    EXPECT_FALSE(book_.refuses(client, proxy));
    EXPECT_TRUE(book_.refuses(client, proxy));
    EXPECT_FALSE(book_.refuses(client, proxy));
    set({.kind = Kind::kms_500, .skip = 1, .request = "Decrypt"});
    EXPECT_TRUE(book_.strike("kms", "Encrypt").empty());
    EXPECT_TRUE(book_.strike("kms", "Decrypt").empty());
    EXPECT_EQ(book_.strike("kms", "Decrypt").size(), 1U);
}

TEST_F(BookTest, SeveralFaultsOfOneConnectionAddUp) {
    set({.kind = Kind::delay, .time = 5ms});
    set({.kind = Kind::delay, .time = 7ms});
    set({.kind = Kind::throttle, .bytes = 1000});
    set({.kind = Kind::throttle, .bytes = 10});
    set({.kind = Kind::split, .bytes = 3});
    set({.kind = Kind::stall, .from = 17});
    const Effects effects = book_.effects(book_.open(client, proxy));
    EXPECT_EQ(effects.delay, 12ms);
    EXPECT_EQ(effects.bytes_a_second, 10U);
    EXPECT_EQ(effects.piece, 3U);
    EXPECT_FALSE(effects.is_stalled);
}

TEST_F(BookTest, AFaultHealsWhenItsTimeIsOver) {
    set({.kind = Kind::stall, .lasts = 3s});
    EXPECT_EQ(book_.next_expiry(), Time{} + 3s);
    const auto connection = book_.open(client, proxy);
    EXPECT_TRUE(book_.effects(connection).is_stalled);
    book_.heal_expired(Time{} + 2999ms);
    EXPECT_TRUE(book_.effects(connection).is_stalled);
    book_.heal_expired(Time{} + 3s);
    EXPECT_FALSE(book_.effects(connection).is_stalled);
    EXPECT_FALSE(book_.next_expiry());
}

TEST_F(BookTest, AFaultOfRequestsIsForItsPartAndItsRequest) {
    set({.kind = Kind::kms_throttle, .times = 1, .request = "Decrypt"});
    EXPECT_TRUE(book_.strike("imds", "Decrypt").empty());
    EXPECT_TRUE(book_.strike("kms", "Encrypt").empty());
    EXPECT_EQ(book_.effects(book_.open(client, proxy)).end, Effects::End::none);
    ASSERT_EQ(book_.strike("kms", "Decrypt").size(), 1U);
    EXPECT_TRUE(book_.strike("kms", "Decrypt").empty());
    EXPECT_THAT(take_news(), ElementsAre("set 1", "struck 1", "healed 1"));
}

TEST_F(BookTest, AFaultOfAModuleIsForItsEnclaveAlsoWhereThatHasMoved) {
    set({.kind = Kind::nsm_error, .to = 16, .enclave = "server", .error = "InternalError"});
    EXPECT_TRUE(book_.strike("nsm", "Attestation", 17).empty());
    EXPECT_EQ(book_.strike("nsm", "Attestation", 16).size(), 1U);
    book_.move_enclave("server", 17);
    EXPECT_TRUE(book_.strike("nsm", "Attestation", 16).empty());
    EXPECT_EQ(book_.strike("nsm", "Attestation", 17).size(), 1U);
    EXPECT_TRUE(book_.strike("kms", "Attestation").empty());
}

TEST_F(BookTest, AFaultOfConnectionsFollowsItsEnclave) {
    set({.kind = Kind::refuse, .to = 16, .to_name = "server"});
    set({.kind = Kind::refuse, .from = 16, .from_name = "server"});
    book_.move_enclave("server", 17);
    EXPECT_FALSE(book_.refuses({3, 1024}, {16, 5005}));
    EXPECT_TRUE(book_.refuses({3, 1024}, {17, 5005}));
    EXPECT_FALSE(book_.refuses(client, proxy));
    EXPECT_TRUE(book_.refuses({17, 1024}, proxy));
}

TEST_F(BookTest, AClockIsForItsPartAndStrikesNothing) {
    set({.kind = Kind::clock, .time = 4h});
    set({.kind = Kind::clock, .time = -1h, .part = "kms"});
    set({.kind = Kind::clock, .to = 16, .time = 30min, .enclave = "server"});
    EXPECT_EQ(book_.strike("kms", "Decrypt").size(), 2U);
    EXPECT_EQ(book_.strike("nsm", "Attestation", 16).size(), 2U);
    EXPECT_EQ(book_.clock_of("kms", std::nullopt), 3h);
    EXPECT_EQ(book_.clock_of("nsm", 16), 4h + 30min);
    EXPECT_EQ(book_.clock_of("nsm", 17), 4h);
    EXPECT_THAT(take_news(), ElementsAre("set 1", "set 2", "set 3"));
}

TEST_F(BookTest, AnEnclaveIsStruckByWhoeverStrikesIt) {
    const unsigned id = set({.kind = Kind::enclave_kill, .to = 16, .enclave = "server"});
    EXPECT_EQ(book_.effects(book_.open(client, proxy)).end, Effects::End::none);
    book_.strike_enclave(id, "16");
    EXPECT_EQ(book_.entries().at(id).struck, 1U);
    book_.strike_enclave(id + 1, "16");
    EXPECT_THAT(take_news(), ElementsAre("set 1", "struck 1"));
}

TEST(FaultTest, JsonHasAllOfIt) {
    const Fault fault{.kind = Kind::throttle,
                      .from = 16,
                      .to = 3,
                      .port = 8000,
                      .after = std::uint64_t{1} << 40,
                      .lasts = 1500ms,
                      .times = 2,
                      .skip = 3,
                      .bytes = 7};
    const auto again = fault_from_json(to_json(fault));
    ASSERT_TRUE(again) << again.error().message;
    EXPECT_EQ(to_json(*again), to_json(fault));
    EXPECT_EQ(describe(*again),
              "throttle connections from 16 to 3:8000 to 7 bytes a second after 1099511627776 "
              "bytes for 1500 ms, not the first 3, 2 times");
}

TEST(FaultTest, JsonHasAllOfAFaultOfRequests) {
    const Fault fault{.kind = Kind::kms_latency, .time = 2s, .request = "Decrypt"};
    const auto again = fault_from_json(to_json(fault));
    ASSERT_TRUE(again) << again.error().message;
    EXPECT_EQ(to_json(*again), to_json(fault));
    EXPECT_EQ(describe(*again), "kms latency for Decrypt by 2 s");
    EXPECT_EQ(part_of(again->kind), "kms");
    EXPECT_EQ(part_of(Kind::cut), "");
}

TEST(FaultTest, JsonHasAllOfAFaultOfAModuleOrAClock) {
    const Fault error{.kind = Kind::nsm_error,
                      .times = 1,
                      .request = "Attestation",
                      .enclave = "server",
                      .error = "InternalError"};
    const Fault clock{.kind = Kind::clock, .time = -10min, .part = "kms"};
    for (const Fault& fault : {error, clock}) {
        const auto again = fault_from_json(to_json(fault));
        ASSERT_TRUE(again) << again.error().message;
        EXPECT_EQ(to_json(*again), to_json(fault));
    }
    EXPECT_EQ(describe(error), "nsm error InternalError for Attestation of server, once");
    EXPECT_EQ(describe(clock), "clock of kms behind by 10 min");
    EXPECT_EQ(describe({.kind = Kind::enclave_kill, .enclave = "server"}), "enclave kill server");
    const Fault named{.kind = Kind::cut, .port = 5005, .from_name = "client", .to_name = "server"};
    EXPECT_EQ(describe(named), "cut connections from client to server:5005");
    EXPECT_EQ(to_json(fault_from_json(to_json(named)).value()), to_json(named));
}

TEST(FaultTest, EachKindHasItsName) {
    for (int kind = 0; kind <= static_cast<int>(Kind::clock); ++kind)
        EXPECT_EQ(kind_of(name_of(static_cast<Kind>(kind))), static_cast<Kind>(kind));
    EXPECT_EQ(name_of(Kind::clock), "clock");
    EXPECT_EQ(name_of(Kind::enclave_oom), "enclave oom");
}

TEST(FaultTest, WhatIsNoFaultIsAnError) {
    EXPECT_FALSE(fault_from_json({{"kind", "bend"}}));
    EXPECT_FALSE(fault_from_json({}));
    EXPECT_FALSE(fault_from_json({{"kind", "cut"}, {"port", -1}}));
    EXPECT_FALSE(fault_from_json({{"kind", "cut"}, {"port", "8000"}}));
    EXPECT_FALSE(fault_from_json({{"kind", "split"}}));
}

}  // namespace
}  // namespace glovebox::fault
