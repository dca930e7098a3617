// SPDX-License-Identifier: Apache-2.0

#include "core/dns/name_lookup.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include "core/address/proxy_error.h"
#include "core/base/testing/temporary_directory.h"
#include "core/dns/dns_resolver.h"
#include "core/stream/timeout.h"
#include "core/testing/dns_server.h"
#include "core/testing/run.h"

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
using testing::SizeIs;
using testing::StartsWith;
using testing::UnorderedElementsAre;

std::vector<std::string> texts(const std::vector<IpAddress>& addresses) {
    std::vector<std::string> all;
    for (const IpAddress& address : addresses)
        all.push_back(address.to_string());
    return all;
}

class NameLookupTest : public testing::Test {
  protected:
    NameLookupTest() { configure("nameserver 127.0.0.1\noptions timeout:1 attempts:1\n"); }

    void configure(const std::string& text) { write(files_.resolv_conf, text); }

    static void write(const std::string& path, const std::string& text) {
        std::ofstream(path, std::ios::trunc) << text;
    }

    Result<FoundAddresses> look_up_now(const std::string& name) {
        return run(context_, names_.look_up(HostName::parse(name).value()));
    }

    // The addresses of a name that has to be found, and sooner than any server is given up.
    std::vector<std::string> look_up_soon(const std::string& name) {
        const auto start = std::chrono::steady_clock::now();
        const auto found = look_up_now(name);
        EXPECT_LT(std::chrono::steady_clock::now() - start, 900ms);
        if (!found)
            return {found.error().message};
        return texts(found->addresses);
    }

    TemporaryDirectory folder_;
    asio::io_context context_;
    DnsServer server_{context_, "127.0.0.1"};
    NameFiles files_{folder_ / "hosts", folder_ / "resolv.conf", folder_ / "nsswitch.conf",
                     server_.port()};
    NameLookup names_{files_};
};

TEST_F(NameLookupTest, ANameHasItsAddressesOfBothFamilies) {
    server_.answer("both.example", {.addresses = {"192.0.2.1", "2001:db8::1"}});
    const auto found = look_up_now("both.example");
    ASSERT_TRUE(found) << found.error().message;
    EXPECT_THAT(texts(found->addresses), UnorderedElementsAre("192.0.2.1", "2001:db8::1"));
    EXPECT_THAT(server_.questions(),
                UnorderedElementsAre("both.example A udp edns", "both.example AAAA udp edns"));
}

// RFC 6724, rule 1. No socket may connect to the broadcast address, on any host.
TEST_F(NameLookupTest, AnAddressThatThisHostCannotReachComesLast) {
    server_.answer("mixed.example", {.addresses = {"255.255.255.255", "127.0.0.1"}});
    const auto found = look_up_now("mixed.example");
    ASSERT_TRUE(found) << found.error().message;
    EXPECT_THAT(texts(found->addresses), ElementsAre("127.0.0.1", "255.255.255.255"));
}

TEST_F(NameLookupTest, AnAliasIsFollowedAndTheShortestTtlHolds) {
    server_.answer("alias.example",
                   {.addresses = {"192.0.2.1"}, .ttl = 7, .alias_of = "real.example"});
    const auto found = look_up_now("alias.example");
    ASSERT_TRUE(found) << found.error().message;
    EXPECT_THAT(texts(found->addresses), ElementsAre("192.0.2.1"));
    EXPECT_EQ(found->ttl, 7s);
}

TEST_F(NameLookupTest, ATruncatedAnswerIsAskedForAgainOverTcp) {
    DnsAnswer many{.is_truncated = true};
    for (int i = 1; i <= 200; ++i)
        many.addresses.push_back("192.0.2." + std::to_string(i));
    server_.answer("many.example", many);
    const auto found = look_up_now("many.example");
    ASSERT_TRUE(found) << found.error().message;
    EXPECT_THAT(found->addresses, SizeIs(addresses_per_family_max));
    EXPECT_THAT(server_.questions(), Contains(StartsWith("many.example A tcp")));
}

// Firewalls and home routers that drop AAAA are met in the field.
TEST_F(NameLookupTest, WhereQuestionsOfOneFamilyAreDroppedTheOtherIsEnough) {
    server_.answer("four.example", {.addresses = {"192.0.2.1", "2001:db8::1"}, .drops_v6 = true});
    server_.answer("six.example", {.addresses = {"192.0.2.1", "2001:db8::1"}, .drops_v4 = true});
    EXPECT_THAT(look_up_soon("four.example"), ElementsAre("192.0.2.1"));
    EXPECT_THAT(look_up_soon("six.example"), ElementsAre("2001:db8::1"));
}

TEST_F(NameLookupTest, ADroppedFamilyDoesNotHoldUpTheSearchList) {
    configure("nameserver 127.0.0.1\nsearch first.example second.example\n");
    server_.answer("host.first.example", {.rcode = 3, .drops_v6 = true});
    server_.answer("host.second.example", {.addresses = {"192.0.2.3"}, .drops_v6 = true});
    EXPECT_THAT(look_up_soon("host"), ElementsAre("192.0.2.3"));
}

TEST_F(NameLookupTest, BothFamiliesComeFromTheSameNameOfTheSearchList) {
    configure("nameserver 127.0.0.1\nsearch first.example second.example\n");
    server_.answer("host.first.example", {.addresses = {"192.0.2.3"}});
    server_.answer("host.second.example", {.addresses = {"2001:db8::3"}});
    EXPECT_THAT(look_up_soon("host"), ElementsAre("192.0.2.3"));
}

// Some are faulty: RFC 4074, 4.2.
TEST_F(NameLookupTest, ANameThatHasNoAddressOfOneFamilyIsReachedByTheOther) {
    server_.answer("six.example", {.addresses = {"2001:db8::1"}});
    EXPECT_THAT(look_up_soon("six.example"), ElementsAre("2001:db8::1"));
}

TEST_F(NameLookupTest, OfThousandsOfAddressesTheFirstOnesAreTaken) {
    DnsAnswer many{.is_truncated = true};
    for (int i = 0; i < 3000; ++i)
        many.addresses.push_back("127.0." + std::to_string(i / 250) + '.' +
                                 std::to_string(i % 250 + 1));
    server_.answer("many.example", many);
    const auto found = look_up_now("many.example");
    ASSERT_TRUE(found) << found.error().message;
    EXPECT_THAT(found->addresses, SizeIs(addresses_per_family_max));
    EXPECT_EQ(found->addresses.front().to_string(), "127.0.0.1");
}

// As with glibc, whose MAXNS is 3.
TEST_F(NameLookupTest, OnlyThreeNameServersAreAsked) {
    std::string text = "options timeout:1 attempts:2\n";
    // Nobody listens on the first ones.
    for (const char* address : {"127.0.0.3", "127.0.0.4", "127.0.0.5", "127.0.0.1"})
        text += std::string("nameserver ") + address + '\n';
    configure(text);
    server_.answer("app.example", {.addresses = {"192.0.2.2"}});
    EXPECT_FALSE(look_up_now("app.example"));
    EXPECT_THAT(server_.questions(), IsEmpty());
}

TEST_F(NameLookupTest, TheHostsFileIsReadAgainWhenItChanges) {
    server_.answer("app.example", {.addresses = {"192.0.2.2"}});
    write(files_.hosts, "192.0.2.7 app.example\n");
    EXPECT_THAT(look_up_soon("app.example"), ElementsAre("192.0.2.7"));
    write(files_.hosts, "192.0.2.8 app.example\n");
    EXPECT_THAT(look_up_soon("app.example"), ElementsAre("192.0.2.8"));
    EXPECT_THAT(server_.questions(), IsEmpty());
    std::filesystem::remove(files_.hosts);
    EXPECT_THAT(look_up_soon("app.example"), ElementsAre("192.0.2.2"));
}

TEST_F(NameLookupTest, NsswitchConfSaysWhereNamesAreSought) {
    server_.answer("app.example", {.addresses = {"192.0.2.2"}});
    write(files_.hosts, "192.0.2.7 app.example other.example\n");
    write(files_.nsswitch_conf, "hosts: dns files\n");
    EXPECT_THAT(look_up_soon("app.example"), ElementsAre("192.0.2.2"));
    EXPECT_THAT(look_up_soon("other.example"), ElementsAre("192.0.2.7"));
    write(files_.nsswitch_conf, "hosts: files\n");
    EXPECT_THAT(look_up_soon("app.example"), ElementsAre("192.0.2.7"));
    EXPECT_THAT(look_up_soon("third.example"),
                ElementsAre(AllOf(HasSubstr("third.example"), HasSubstr(files_.nsswitch_conf))));
}

TEST_F(NameLookupTest, ANameThatDoesNotExistIsNotKnown) {
    const auto found = look_up_now("absent.example");
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().code, ProxyError::name_unknown);
}

TEST_F(NameLookupTest, ANameWithoutAddressesIsNotKnown) {
    server_.answer("empty.example", {});
    const auto found = look_up_now("empty.example");
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().code, ProxyError::name_unknown);
}

TEST_F(NameLookupTest, AServerThatFailsIsNamed) {
    server_.answer("broken.example", {.rcode = 2});
    const auto found = look_up_now("broken.example");
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().code, ProxyError::lookup_failed);
    EXPECT_THAT(found.error().message,
                AllOf(HasSubstr("broken.example"), HasSubstr(files_.resolv_conf)));
}

TEST_F(NameLookupTest, AServerThatIsSilentIsGivenUpAfterTheFilesTimeout) {
    server_.answer("dead.example", {.is_silent = true});
    const auto start = std::chrono::steady_clock::now();
    const auto found = look_up_now("dead.example");
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().code, ProxyError::lookup_timed_out);
    EXPECT_GE(std::chrono::steady_clock::now() - start, 900ms);
    EXPECT_THAT(server_.questions(), UnorderedElementsAre(StartsWith("dead.example A "),
                                                          StartsWith("dead.example AAAA ")));
}

TEST_F(NameLookupTest, AfterASilentServerTheNextOneIsAsked) {
    DnsServer second(context_, "127.0.0.2", server_.port());
    configure("nameserver 127.0.0.1\nnameserver 127.0.0.2\noptions timeout:1 attempts:1\n");
    server_.answer("app.example", {.is_silent = true});
    second.answer("app.example", {.addresses = {"192.0.2.2"}});
    const auto found = look_up_now("app.example");
    ASSERT_TRUE(found) << found.error().message;
    EXPECT_THAT(texts(found->addresses), ElementsAre("192.0.2.2"));
}

TEST_F(NameLookupTest, AServerThatRefusesPacketsIsPassedOver) {
    DnsServer second(context_, "127.0.0.2", server_.port());
    // Nobody listens on 127.0.0.3.
    configure("nameserver 127.0.0.3\nnameserver 127.0.0.2\noptions timeout:1 attempts:1\n");
    second.answer("app.example", {.addresses = {"192.0.2.2"}});
    const auto found = look_up_now("app.example");
    ASSERT_TRUE(found) << found.error().message;
    EXPECT_THAT(texts(found->addresses), ElementsAre("192.0.2.2"));
}

TEST_F(NameLookupTest, AShortNameIsSoughtInTheSearchList) {
    configure("nameserver 127.0.0.1\nsearch first.example second.example\n");
    server_.answer("host.second.example", {.addresses = {"192.0.2.3"}});
    const auto found = look_up_now("host");
    ASSERT_TRUE(found) << found.error().message;
    EXPECT_THAT(texts(found->addresses), ElementsAre("192.0.2.3"));
    EXPECT_THAT(server_.questions().front(), StartsWith("host.first.example "));
}

TEST_F(NameLookupTest, NdotsSaysWhichNamesAreSoughtInTheListFirst) {
    server_.answer("a.b", {.addresses = {"192.0.2.4"}});
    server_.answer("a.b.first.example", {.addresses = {"192.0.2.5"}});
    configure("nameserver 127.0.0.1\nsearch first.example\n");
    EXPECT_THAT(texts(look_up_now("a.b").value().addresses), ElementsAre("192.0.2.4"));
    configure("nameserver 127.0.0.1\nsearch first.example\noptions ndots:2\n");
    EXPECT_THAT(texts(look_up_now("a.b").value().addresses), ElementsAre("192.0.2.5"));
}

TEST_F(NameLookupTest, LocalhostIsThisHostWithoutAQuestionToAServer) {
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

TEST_F(NameLookupTest, WithoutAConfigurationThisHostsOwnServerIsAsked) {
    std::filesystem::remove(files_.resolv_conf);
    server_.answer("app.example", {.addresses = {"192.0.2.7"}});
    const auto found = look_up_now("app.example");
    ASSERT_TRUE(found) << found.error().message;
}

TEST_F(NameLookupTest, OneThatIsCalledOffClosesItsSockets) {
    server_.answer("dead.example", {.is_silent = true});
    const int before = ::dup(0);
    ::close(before);
    const auto found =
        run(context_, with_timeout(names_.look_up(HostName::parse("dead.example").value()), 50ms,
                                   Error(ProxyError::lookup_timed_out, "called off")));
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().message, "called off");
    const int after = ::dup(0);
    ::close(after);
    EXPECT_EQ(after, before);
}

// The whole resolver: silent servers beside one that answers, and the cache.
class DnsResolverOverDns : public NameLookupTest {
  protected:
    DnsResolver resolver_{context_.get_executor(),
                          {.lookups_max = 16, .deadline = 10s, .files = files_.paths()},
                          lookup_by(files_)};
    // Until the files that were just written count as unchanged, and answers are kept.
    void settle() const {
        for (const std::string& path : files_.paths())
            for (FileWatch file(path); file.take_change();) {
            }
    }

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
    settle();
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

TEST_F(DnsResolverOverDns, ANameThatDoesNotExistIsNotAskedForAgainAtOnce) {
    settle();
    for (int i = 0; i < 2; ++i)
        EXPECT_EQ(resolve("absent.example", 16).error().code, ProxyError::name_unknown);
    EXPECT_THAT(server_.questions(), SizeIs(2));  // A and AAAA
}

TEST_F(DnsResolverOverDns, AChangeOfAFileDropsWhatWasKept) {
    settle();
    server_.answer("kept.example", {.addresses = {"192.0.2.1"}});
    ASSERT_TRUE(resolve("kept.example", 16));
    server_.answer("kept.example", {.addresses = {"192.0.2.9"}});
    EXPECT_THAT(texts(resolve("kept.example", 16).value()), ElementsAre("192.0.2.1"));
    write(files_.hosts, "192.0.2.3 kept.example\n");
    EXPECT_THAT(texts(resolve("kept.example", 16).value()), ElementsAre("192.0.2.3"));
    write(files_.hosts, "");
    EXPECT_THAT(texts(resolve("kept.example", 16).value()), ElementsAre("192.0.2.9"));
    settle();
    EXPECT_FALSE(resolve("absent.example", 16));
    write(files_.resolv_conf, "nameserver 127.0.0.1\nsearch of.example\n");
    server_.answer("absent.example.of.example", {.addresses = {"192.0.2.4"}});
    EXPECT_THAT(texts(resolve("absent.example", 16).value()), ElementsAre("192.0.2.4"));
}

}  // namespace
}  // namespace glovebox::core
