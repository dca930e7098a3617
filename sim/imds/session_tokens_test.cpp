// SPDX-License-Identifier: Apache-2.0

#include "sim/imds/session_tokens.h"

#include <gtest/gtest.h>

#include <set>

#include "core/base/base64.h"

namespace glovebox::imds {
namespace {

using namespace std::chrono_literals;

class SessionTokensTest : public ::testing::Test {
  protected:
    SystemRandom random_;
    SessionTokens tokens_{random_};
    TimePoint now_ = TimePoint(std::chrono::seconds(1'800'000'000));
};

TEST_F(SessionTokensTest, HoldUntilTheirEnd) {
    const std::string token = tokens_.make(now_ + 60s);
    EXPECT_EQ(token.size(), 56U);
    EXPECT_TRUE(tokens_.is_valid(token, now_));
    EXPECT_TRUE(tokens_.is_valid(token, now_ + 60s - 1ms));
    EXPECT_FALSE(tokens_.is_valid(token, now_ + 60s));
    EXPECT_NE(token, tokens_.make(now_ + 60s));
}

TEST_F(SessionTokensTest, NoBitOfOneMayBeChanged) {
    const Bytes token = from_base64(tokens_.make(now_ + 60s)).value();
    for (std::size_t bit = 0; bit < 8 * token.size(); ++bit) {
        Bytes changed = token;
        changed[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
        EXPECT_FALSE(tokens_.is_valid(to_base64(changed), now_)) << bit;
    }
    EXPECT_FALSE(tokens_.is_valid("", now_));
    EXPECT_FALSE(tokens_.is_valid("no base64!", now_));
    EXPECT_FALSE(tokens_.is_valid(to_base64(Bytes(token.begin(), token.end() - 1)), now_));
}

TEST_F(SessionTokensTest, AnotherServicesAreNone) {
    EXPECT_FALSE(SessionTokens(random_).is_valid(tokens_.make(now_ + 60s), now_));
}

}  // namespace
}  // namespace glovebox::imds
