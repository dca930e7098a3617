// SPDX-License-Identifier: Apache-2.0

#include "core/dial/dialer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <boost/asio/ip/tcp.hpp>
#include <cstdlib>
#include <fstream>
#include <optional>

#include "core/address/proxy_error.h"
#include "core/stream/stream_io.h"
#include "core/testing/fake_resolver.h"
#include "core/testing/fresh_network.h"
#include "core/testing/run.h"

namespace glovebox::core {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using namespace std::chrono_literals;
using testing::HasSubstr;

class DialerTest : public testing::Test {
  protected:
    DialerTest() : server_(context_, tcp::endpoint(asio::ip::address_v4::loopback(), 0)) {
        port_ = server_.local_endpoint().port();
    }

    // Port 0 in a rule or a target is the listening server's.
    std::string with_port(std::string text) const {
        if (text.ends_with(":0"))
            text.replace(text.size() - 1, 1, std::to_string(port_));
        return text;
    }

    Result<Dialed> dial(std::initializer_list<const char*> rules, const std::string& target) {
        Allowlist allowlist;
        for (const char* rule : rules)
            allowlist.add(TargetRule::parse(with_port(rule)).value());
        Dialer dialer(std::move(allowlist), resolver_, options_);
        return run(context_, dialer.dial(parse_target(with_port(target)).value(), 16));
    }

    // Whether anybody has connected.
    bool server_was_reached() {
        server_.non_blocking(true);
        boost::system::error_code failure;
        tcp::socket socket(context_);
        server_.accept(socket, failure);
        return !failure;
    }

    asio::io_context context_;
    FakeResolver resolver_;
    DialerOptions options_;
    tcp::acceptor server_;
    TcpPort port_ = 0;
};

TEST_F(DialerTest, ConnectsToAnAllowedAddress) {
    const auto dialed = dial({"127.0.0.1:0"}, "127.0.0.1:0");
    ASSERT_TRUE(dialed) << dialed.error().message;
    EXPECT_EQ(dialed->endpoint, server_.local_endpoint());
    EXPECT_TRUE(server_was_reached());
    EXPECT_EQ(resolver_.lookups(), 0);
}

TEST_F(DialerTest, LooksANameUpOnceAndConnectsToWhatItJudged) {
    // A name that rebinds: whoever asks a second time gets another answer.
    resolver_.answer("app.example", {"127.0.0.1"});
    resolver_.answer("app.example", {"127.0.0.2"});
    const auto dialed = dial({"127.0.0.1:0"}, "app.example:0");
    ASSERT_TRUE(dialed) << dialed.error().message;
    EXPECT_EQ(dialed->endpoint.address().to_string(), "127.0.0.1");
    EXPECT_EQ(resolver_.lookups(), 1);
}

TEST_F(DialerTest, ANameThatTurnsIntoARefusedAddressIsRefusedThen) {
    resolver_.answer("app.example", {"127.0.0.1"});
    resolver_.answer("app.example", {"127.0.0.2"});
    Allowlist allowlist;
    allowlist.add(TargetRule::parse(with_port("127.0.0.1:0")).value());
    Dialer dialer(std::move(allowlist), resolver_, options_);
    const Target target = parse_target(with_port("app.example:0")).value();
    EXPECT_TRUE(run(context_, dialer.dial(target, 16)));
    const auto second = run(context_, dialer.dial(target, 16));
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, ProxyError::not_allowed);
    EXPECT_THAT(second.error().message, HasSubstr("127.0.0.2"));
}

TEST_F(DialerTest, ARefusedAddressAmongOthersIsNeverDialled) {
    tcp::acceptor forbidden(context_, tcp::endpoint(asio::ip::make_address_v4("127.0.0.2"), port_));
    resolver_.answer("app.example", {"127.0.0.2", "169.254.169.254", "127.0.0.1"});
    const auto dialed = dial({"127.0.0.1:0"}, "app.example:0");
    ASSERT_TRUE(dialed) << dialed.error().message;
    EXPECT_EQ(dialed->endpoint.address().to_string(), "127.0.0.1");
    forbidden.non_blocking(true);
    boost::system::error_code failure;
    tcp::socket socket(context_);
    forbidden.accept(socket, failure);
    EXPECT_EQ(failure, asio::error::would_block);
}

TEST_F(DialerTest, AnAllowedNameThatLeadsToThisHostIsRefused) {
    resolver_.answer("app.example", {"127.0.0.1", "::1"});
    const auto dialed = dial({"app.example:0"}, "app.example:0");
    ASSERT_FALSE(dialed);
    EXPECT_EQ(dialed.error().code, ProxyError::not_allowed);
    EXPECT_FALSE(server_was_reached());
}

TEST_F(DialerTest, AnAddressOfThisHostIsRefused) {
    options_.own_addresses = std::make_shared<OwnAddresses>(
        [] { return std::vector<IpAddress>{parse_ip_address("192.0.2.1").value()}; });
    resolver_.answer("app.example", {"192.0.2.1"});
    for (int i = 0; i < 2; ++i) {
        const auto dialed = dial({"app.example:0"}, "app.example:0");
        ASSERT_FALSE(dialed);
        EXPECT_THAT(dialed.error().message, HasSubstr("this host's own address"));
    }
}

TEST_F(DialerTest, ANameThatNoRuleNamesIsNotLookedUp) {
    const auto dialed = dial({"other.example:0"}, "app.example:0");
    ASSERT_FALSE(dialed);
    EXPECT_EQ(dialed.error().code, ProxyError::not_allowed);
    EXPECT_EQ(resolver_.lookups(), 0);
}

TEST_F(DialerTest, ANameThatNoRuleNamesAndNobodyKnowsIsNotAllowed) {
    const auto dialed = dial({"127.0.0.1:0"}, "app.example:0");
    ASSERT_FALSE(dialed);
    EXPECT_EQ(dialed.error().code, ProxyError::not_allowed);
    EXPECT_THAT(dialed.error().message, HasSubstr("no rule names it"));
}

TEST_F(DialerTest, AnUnknownNameKeepsItsReason) {
    const auto dialed = dial({"app.example:0"}, "app.example:0");
    ASSERT_FALSE(dialed);
    EXPECT_EQ(dialed.error().code, ProxyError::name_unknown);
}

TEST_F(DialerTest, TheNextAddressIsTriedWhenOneRefuses) {
    resolver_.answer("app.example", {"127.0.0.3", "127.0.0.1"});
    const auto dialed = dial({"127.0.0.0/8:0"}, "app.example:0");
    ASSERT_TRUE(dialed) << dialed.error().message;
    EXPECT_EQ(dialed->endpoint.address().to_string(), "127.0.0.1");
}

TEST_F(DialerTest, WhenNoAddressAnswersEachIsNamedWithItsReason) {
    resolver_.answer("app.example", {"127.0.0.3", "127.0.0.4"});
    const auto dialed = dial({"127.0.0.0/8:0"}, "app.example:0");
    ASSERT_FALSE(dialed);
    EXPECT_EQ(dialed.error().code, asio::error::connection_refused);
    EXPECT_THAT(dialed.error().message,
                HasSubstr(with_port("127.0.0.3:0") + ": Connection refused"));
    EXPECT_THAT(dialed.error().message,
                HasSubstr(with_port("127.0.0.4:0") + ": Connection refused"));
}

TEST_F(DialerTest, BesideAnAddressThatDoesNotAnswerTheNextIsTried) {
    // A server whose backlog is full answers nobody: its SYNs are dropped.
    tcp::acceptor full(context_);
    full.open(tcp::v4());
    full.bind({asio::ip::make_address_v4("127.0.0.5"), port_});
    full.listen(0);
    std::vector<tcp::socket> fillers;
    for (int i = 0; i < 4; ++i) {
        fillers.emplace_back(context_);
        fillers.back().open(tcp::v4());
        fillers.back().non_blocking(true);
        const auto endpoint = full.local_endpoint();
        ::connect(fillers.back().native_handle(), endpoint.data(),
                  static_cast<socklen_t>(endpoint.size()));
    }
    options_.connect_timeout = std::chrono::hours(1);
    resolver_.answer("app.example", {"127.0.0.5", "127.0.0.1"});
    const auto dialed = dial({"127.0.0.0/8:0"}, "app.example:0");
    ASSERT_TRUE(dialed) << dialed.error().message;
    EXPECT_EQ(dialed->endpoint.address().to_string(), "127.0.0.1");
    options_.connect_timeout = 100ms;
    resolver_.answer("stuck.example", {"127.0.0.5"});
    const auto stuck = dial({"127.0.0.0/8:0"}, "stuck.example:0");
    ASSERT_FALSE(stuck);
    EXPECT_EQ(stuck.error().code, ProxyError::connect_timed_out);
    EXPECT_THAT(stuck.error().message, HasSubstr("no answer within 100 ms"));
    // One at a time, each has its share and makes room for the next.
    options_.attempts_max = 1;
    resolver_.answer("slow.example", {"127.0.0.5", "127.0.0.3"});
    const auto refused = dial({"127.0.0.0/8:0"}, "slow.example:0");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, asio::error::connection_refused);
    EXPECT_THAT(refused.error().message,
                testing::MatchesRegex(".*127.0.0.5:[0-9]+: no answer within 50 ms; 127.0.0.3:.*"));
}

// The kernel gives each socket the one port that is left, which is the target's.
TEST_F(DialerTest, ASocketThatIsConnectedToItselfIsNoAnswer) {
    const int status = in_fresh_network([] {
        constexpr TcpPort port = 40'001;
        std::ofstream("/proc/sys/net/ipv4/ip_local_port_range") << port << ' ' << port;
        if (std::system("ip link set lo up") != 0)
            return exit_no_namespace;
        asio::io_context context;
        const auto race = run(
            context, race_to({tcp::endpoint(asio::ip::address_v4::loopback(), port)}, 1000ms, 1));
        return !race.winner && race.failures.at(0).second.code == asio::error::connection_refused
                   ? 0
                   : 1;
    });
    SKIP_WITHOUT_NAMESPACES(status);
    EXPECT_EQ(status, 0);
}

TEST_F(DialerTest, ADeniedTargetIsReachedNeitherByResolveNorByAnotherRule) {
    resolver_.answer("app.example", {"127.0.0.1"});
    options_.resolved = {parse_resolved_target("app.example:443=127.0.0.1:1").value()};
    auto allowlist = Allowlist::everything();
    allowlist.deny(TargetRule::parse("app.example:*").value());
    Dialer dialer(std::move(allowlist), resolver_, options_);
    const auto dialed = run(context_, dialer.dial(parse_target("app.example:443").value(), 16));
    ASSERT_FALSE(dialed);
    EXPECT_EQ(dialed.error().message, "app.example:443 is denied by the rule app.example:*");
    EXPECT_FALSE(dialer.may_dial(parse_target("app.example:443").value()));
    EXPECT_EQ(resolver_.lookups(), 0);
}

TEST_F(DialerTest, ManyAddressesOfOneFamilyDoNotHideTheOther) {
    resolver_.answer("app.example",
                     {"::1", "::1", "::1", "::1", "::1", "::1", "::1", "::1", "::1", "127.0.0.1"});
    const auto dialed = dial({"127.0.0.1:0", "[::1]:0"}, "app.example:0");
    ASSERT_TRUE(dialed) << dialed.error().message;
    EXPECT_EQ(dialed->endpoint.address().to_string(), "127.0.0.1");
}

TEST_F(DialerTest, SaysBeforehandWhatCanNeverBeDialled) {
    Allowlist allowlist;
    allowlist.add(TargetRule::parse("app.example:443").value());
    const Dialer dialer(std::move(allowlist), resolver_, options_);
    EXPECT_TRUE(dialer.may_dial(parse_target("app.example:443").value()));
    EXPECT_FALSE(dialer.may_dial(parse_target("app.example:80").value()));
    EXPECT_FALSE(dialer.may_dial(parse_target("192.0.2.1:443").value()));
}

TEST_F(DialerTest, AResolvedTargetIsReachedWithoutLookupOrRuleAndNoOtherIs) {
    options_.resolved.push_back(
        parse_resolved_target(with_port("kms.example:443=127.0.0.1:0")).value());
    const auto dialed = dial({}, "KMS.example:443");
    ASSERT_TRUE(dialed) << dialed.error().message;
    EXPECT_EQ(dialed->endpoint, server_.local_endpoint());
    EXPECT_EQ(resolver_.lookups(), 0);
    for (const char* other : {"kms.example:80", "other.example:443", "127.0.0.1:0"}) {
        const auto refused = dial({}, other);
        ASSERT_FALSE(refused) << other;
        EXPECT_EQ(refused.error().code, ProxyError::not_allowed) << other;
    }
    Dialer dialer(Allowlist(), resolver_, options_);
    EXPECT_TRUE(dialer.may_dial(parse_target("kms.example:443").value()));
    EXPECT_FALSE(dialer.may_dial(parse_target("kms.example:444").value()));
}

TEST(ResolvedTarget, WantsATargetAndAnAddressWithItsPort) {
    const auto resolved = parse_resolved_target("a.example:443=[::1]:4600").value();
    EXPECT_EQ(to_string(resolved.target), "a.example:443");
    EXPECT_EQ(to_string(resolved.endpoint), "[::1]:4600");
    for (const char* text : {"a.example:443", "a.example=127.0.0.1:1", "a.example:443=127.0.0.1",
                             "a.example:443=b.example:443", "=127.0.0.1:1", ""})
        EXPECT_EQ(parse_resolved_target(text).error().code, ProxyError::bad_target) << text;
}

}  // namespace
}  // namespace glovebox::core
