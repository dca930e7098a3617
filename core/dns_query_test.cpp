// SPDX-License-Identifier: Apache-2.0

#include "core/dns_query.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include "core/base/testing/temporary_directory.h"
#include "core/dns_resolver.h"
#include "core/proxy_error.h"
#include "core/testing/dns_server.h"
#include "core/testing/run.h"
#include "core/timeout.h"

namespace glovebox::core {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;
using testing::UnorderedElementsAre;

std::vector<std::string> texts(const std::vector<IpAddress>& addresses) {
    std::vector<std::string> all;
    for (const IpAddress& address : addresses)
        all.push_back(address.to_string());
    return all;
}

class DnsQueryTest : public testing::Test {
  protected:
    DnsQueryTest() { configure("nameserver 127.0.0.1\noptions timeout:1 attempts:1\n"); }

    void configure(const std::string& text) {
        std::ofstream(settings_.resolv_conf, std::ios::trunc) << text;
    }

    Result<FoundAddresses> look_up_now(const std::string& name) {
        return run(context_, look_up(HostName::parse(name).value(), settings_));
    }

    TemporaryDirectory folder_;
    asio::io_context context_;
    DnsServer server_{context_, "127.0.0.1"};
    DnsSettings settings_{folder_ / "resolv.conf", server_.port()};
};

TEST_F(DnsQueryTest, ANameHasItsAddressesOfBothFamilies) {
    server_.answer("both.example", {.addresses = {"192.0.2.1", "2001:db8::1"}});
    const auto found = look_up_now("both.example");
    ASSERT_TRUE(found) << found.error().message;
    EXPECT_THAT(texts(found->addresses), UnorderedElementsAre("192.0.2.1", "2001:db8::1"));
    EXPECT_THAT(server_.questions(),
                UnorderedElementsAre("both.example A udp edns", "both.example AAAA udp edns"));
}

// RFC 6724, rule 1. No socket may connect to the broadcast address, on any host.
TEST_F(DnsQueryTest, AnAddressThatThisHostCannotReachComesLast) {
    server_.answer("mixed.example", {.addresses = {"255.255.255.255", "127.0.0.1"}});
    const auto found = look_up_now("mixed.example");
    ASSERT_TRUE(found) << found.error().message;
    EXPECT_THAT(texts(found->addresses), ElementsAre("127.0.0.1", "255.255.255.255"));
}

TEST_F(DnsQueryTest, AnAliasIsFollowedAndTheShortestTtlHolds) {
    server_.answer("alias.example",
                   {.addresses = {"192.0.2.1"}, .ttl = 7, .alias_of = "real.example"});
    const auto found = look_up_now("alias.example");
    ASSERT_TRUE(found) << found.error().message;
    EXPECT_THAT(texts(found->addresses), ElementsAre("192.0.2.1"));
    EXPECT_EQ(found->ttl, 7s);
}

TEST_F(DnsQueryTest, ATruncatedAnswerIsAskedForAgainOverTcp) {
    DnsAnswer many{.is_truncated = true};
    for (int i = 1; i <= 200; ++i)
        many.addresses.push_back("192.0.2." + std::to_string(i));
    server_.answer("many.example", many);
    const auto found = look_up_now("many.example");
    ASSERT_TRUE(found) << found.error().message;
    EXPECT_EQ(found->addresses.size(), 200U);
    EXPECT_THAT(server_.questions(), Contains(StartsWith("many.example A tcp")));
}

TEST_F(DnsQueryTest, ANameThatDoesNotExistIsNotKnown) {
    const auto found = look_up_now("absent.example");
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().code, ProxyError::name_unknown);
}

TEST_F(DnsQueryTest, ANameWithoutAddressesIsNotKnown) {
    server_.answer("empty.example", {});
    const auto found = look_up_now("empty.example");
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().code, ProxyError::name_unknown);
}

TEST_F(DnsQueryTest, AServerThatFailsIsNamed) {
    server_.answer("broken.example", {.rcode = 2});
    const auto found = look_up_now("broken.example");
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().code, ProxyError::lookup_failed);
    EXPECT_THAT(found.error().message,
                AllOf(HasSubstr("broken.example"), HasSubstr(settings_.resolv_conf)));
}

TEST_F(DnsQueryTest, AServerThatIsSilentIsGivenUpAfterTheFilesTimeout) {
    server_.answer("dead.example", {.is_silent = true});
    const auto start = std::chrono::steady_clock::now();
    const auto found = look_up_now("dead.example");
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().code, ProxyError::lookup_timed_out);
    EXPECT_GE(std::chrono::steady_clock::now() - start, 900ms);
    EXPECT_THAT(server_.questions(), UnorderedElementsAre(StartsWith("dead.example A "),
                                                          StartsWith("dead.example AAAA ")));
}

TEST_F(DnsQueryTest, AfterASilentServerTheNextOneIsAsked) {
    DnsServer second(context_, "127.0.0.2", server_.port());
    configure("nameserver 127.0.0.1\nnameserver 127.0.0.2\noptions timeout:1 attempts:1\n");
    server_.answer("app.example", {.is_silent = true});
    second.answer("app.example", {.addresses = {"192.0.2.2"}});
    const auto found = look_up_now("app.example");
    ASSERT_TRUE(found) << found.error().message;
    EXPECT_THAT(texts(found->addresses), ElementsAre("192.0.2.2"));
}

TEST_F(DnsQueryTest, AServerThatRefusesPacketsIsPassedOver) {
    DnsServer second(context_, "127.0.0.2", server_.port());
    // Nobody listens on 127.0.0.3.
    configure("nameserver 127.0.0.3\nnameserver 127.0.0.2\noptions timeout:1 attempts:1\n");
    second.answer("app.example", {.addresses = {"192.0.2.2"}});
    const auto found = look_up_now("app.example");
    ASSERT_TRUE(found) << found.error().message;
    EXPECT_THAT(texts(found->addresses), ElementsAre("192.0.2.2"));
}

TEST_F(DnsQueryTest, AShortNameIsSoughtInTheSearchList) {
    configure("nameserver 127.0.0.1\nsearch first.example second.example\n");
    server_.answer("host.second.example", {.addresses = {"192.0.2.3"}});
    const auto found = look_up_now("host");
    ASSERT_TRUE(found) << found.error().message;
    EXPECT_THAT(texts(found->addresses), ElementsAre("192.0.2.3"));
    EXPECT_THAT(server_.questions().front(), StartsWith("host.first.example "));
}

TEST_F(DnsQueryTest, NdotsSaysWhichNamesAreSoughtInTheListFirst) {
    server_.answer("a.b", {.addresses = {"192.0.2.4"}});
    server_.answer("a.b.first.example", {.addresses = {"192.0.2.5"}});
    configure("nameserver 127.0.0.1\nsearch first.example\n");
    EXPECT_THAT(texts(look_up_now("a.b").value().addresses), ElementsAre("192.0.2.4"));
    configure("nameserver 127.0.0.1\nsearch first.example\noptions ndots:2\n");
    EXPECT_THAT(texts(look_up_now("a.b").value().addresses), ElementsAre("192.0.2.5"));
}

TEST_F(DnsQueryTest, LocalhostIsThisHostWithoutAQuestionToAServer) {
    server_.answer("localhost", {.addresses = {"192.0.2.6"}});
    server_.answer("app.localhost", {.addresses = {"192.0.2.6"}});
    for (const char* name : {"localhost", "app.localhost"}) {
        const auto found = look_up_now(name);
        ASSERT_TRUE(found) << found.error().message;
        ASSERT_THAT(found->addresses, Not(IsEmpty()));
        for (const IpAddress& address : found->addresses)
            EXPECT_TRUE(address.is_loopback()) << name << ": " << address;
    }
    EXPECT_THAT(server_.questions(), IsEmpty());
}

TEST_F(DnsQueryTest, WithoutAConfigurationThisHostsOwnServerIsAsked) {
    settings_.resolv_conf = folder_ / "absent";
    server_.answer("app.example", {.addresses = {"192.0.2.7"}});
    const auto found = look_up_now("app.example");
    ASSERT_TRUE(found) << found.error().message;
}

TEST_F(DnsQueryTest, OneThatIsCalledOffClosesItsSockets) {
    server_.answer("dead.example", {.is_silent = true});
    const int before = ::dup(0);
    ::close(before);
    const auto found =
        run(context_, with_timeout(look_up(HostName::parse("dead.example").value(), settings_),
                                   50ms, Error(ProxyError::lookup_timed_out, "called off")));
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().message, "called off");
    const int after = ::dup(0);
    ::close(after);
    EXPECT_EQ(after, before);
}

// The whole resolver: silent servers beside one that answers, and the cache.
class DnsResolverOverDns : public DnsQueryTest {
  protected:
    DnsResolver resolver_{context_.get_executor(),
                          {.lookups_max = 16, .deadline = 10s},
                          [this](HostName name) { return look_up(std::move(name), settings_); }};
    Result<std::vector<IpAddress>> resolve(const std::string& name, Cid asker) {
        return run(context_, resolver_.resolve(HostName::parse(name).value(), asker));
    }
};

TEST_F(DnsResolverOverDns, DeadNamesOfOneEnclaveDelayNoOthers) {
    for (int i = 0; i < 20; ++i) {
        const std::string name = "dead" + std::to_string(i) + ".example";
        server_.answer(name, {.is_silent = true});
        spawn(context_, [](DnsResolver& resolver, HostName dead) -> asio::awaitable<void> {
            co_await resolver.resolve(std::move(dead), 16);
        }(resolver_, HostName::parse(name).value()));
    }
    server_.answer("alive.example", {.addresses = {"192.0.2.1"}});
    const auto start = std::chrono::steady_clock::now();
    EXPECT_TRUE(resolve("alive.example", 17));
    // Nothing of it waits for a timeout, whose shortest is a second.
    EXPECT_LT(std::chrono::steady_clock::now() - start, 900ms);
}

TEST_F(DnsResolverOverDns, AnAnswerIsKeptForItsTtl) {
    server_.answer("kept.example", {.addresses = {"192.0.2.1"}, .ttl = 60});
    server_.answer("fresh.example", {.addresses = {"192.0.2.1"}, .ttl = 0});
    for (int i = 0; i < 2; ++i) {
        EXPECT_TRUE(resolve("kept.example", 16));
        EXPECT_TRUE(resolve("fresh.example", 16));
    }
    EXPECT_THAT(server_.questions(),
                testing::IsSupersetOf({"fresh.example A udp edns", "fresh.example A udp edns"}));
    EXPECT_EQ(std::count(server_.questions().begin(), server_.questions().end(),
                         "kept.example A udp edns"),
              1);
}

}  // namespace
}  // namespace glovebox::core
