// SPDX-License-Identifier: Apache-2.0

#include "core/ingress/client_limits.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace glovebox::core {
namespace {

using boost::asio::ip::make_address;
using namespace std::chrono_literals;
using testing::HasSubstr;

class ClientLimitsTest : public testing::Test {
  protected:
    ClientLimits::Verdict admit(ClientLimits& limits, const char* address) const {
        return limits.admit(make_address(address), now_);
    }
    // Admitted connections stay open.
    bool open(ClientLimits& limits, const char* address) {
        auto verdict = admit(limits, address);
        if (verdict.ticket)
            open_.push_back(std::move(*verdict.ticket));
        return verdict.reason.empty();
    }

    ClientLimits::Clock::time_point now_ = ClientLimits::Clock::now();
    std::vector<ClientLimits::Ticket> open_;
};

TEST_F(ClientLimitsTest, SoManyAreOpenAtOnce) {
    ClientLimits limits({.open_max = 2});
    EXPECT_TRUE(open(limits, "192.0.2.1"));
    EXPECT_TRUE(open(limits, "::ffff:192.0.2.1"));
    EXPECT_FALSE(open(limits, "192.0.2.1"));
    EXPECT_TRUE(open(limits, "192.0.2.2")) << "another client";
    open_.pop_back();
    open_.pop_back();
    EXPECT_TRUE(open(limits, "192.0.2.1")) << "one has ended";
    EXPECT_FALSE(open(limits, "192.0.2.1"));
    EXPECT_THAT(admit(limits, "192.0.2.1").reason,
                HasSubstr("192.0.2.1 has 2 connections open, the most that "
                          "--max-client-connections allows"));
}

TEST_F(ClientLimitsTest, ASiteOfIPv6IsOneClient) {
    ClientLimits limits({.open_max = 1});
    EXPECT_TRUE(open(limits, "2001:db8:0:1::1"));
    EXPECT_FALSE(open(limits, "2001:db8:0:1:ffff::2"));
    EXPECT_TRUE(open(limits, "2001:db8:0:2::1"));
}

TEST_F(ClientLimitsTest, SoManyComeASecond) {
    ClientLimits limits({.a_second_max = 4});
    for (int i = 0; i < 4; ++i)
        EXPECT_TRUE(admit(limits, "192.0.2.1").ticket) << i;
    EXPECT_THAT(admit(limits, "192.0.2.1").reason, HasSubstr("more than 4 connections a second"));
    now_ += 250ms;
    EXPECT_TRUE(admit(limits, "192.0.2.1").ticket);
    EXPECT_FALSE(admit(limits, "192.0.2.1").ticket);
    now_ += 1h;
    for (int i = 0; i < 4; ++i)
        EXPECT_TRUE(admit(limits, "192.0.2.1").ticket) << i;
    EXPECT_FALSE(admit(limits, "192.0.2.1").ticket);
}

TEST_F(ClientLimitsTest, OneRefusalInTenSecondsIsLogged) {
    ClientLimits limits({.open_max = 1});
    EXPECT_TRUE(open(limits, "192.0.2.1"));
    EXPECT_TRUE(admit(limits, "192.0.2.1").is_logged);
    EXPECT_FALSE(admit(limits, "192.0.2.1").is_logged);
    EXPECT_FALSE(admit(limits, "192.0.2.1").is_logged);
    now_ += 10s;
    const auto verdict = admit(limits, "192.0.2.1");
    EXPECT_TRUE(verdict.is_logged);
    EXPECT_EQ(verdict.refused_before, 2U);
}

TEST_F(ClientLimitsTest, ClientsThatHaveLeftAreForgotten) {
    ClientLimits limits({.a_second_max = 1});
    const auto address = [](unsigned number) {
        return IpAddress(boost::asio::ip::address_v4(0x0a000000 + number));
    };
    for (unsigned i = 0; i < 100'000; ++i) {
        EXPECT_TRUE(limits.admit(address(i), now_).ticket);
        now_ += 10ms;
    }
    EXPECT_LE(limits.clients(), 2048U);
}

TEST_F(ClientLimitsTest, ATicketOutlivesTheLimits) {
    std::optional<ClientLimits> limits{ClientLimitOptions{.open_max = 1}};
    EXPECT_TRUE(open(*limits, "192.0.2.1"));
    limits.reset();
    open_.clear();
}

}  // namespace
}  // namespace glovebox::core
