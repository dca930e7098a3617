// SPDX-License-Identifier: Apache-2.0

#include "core/dns/name_cache.h"

#include <gtest/gtest.h>

#include <string>

#include "core/address/proxy_error.h"

namespace glovebox::core {
namespace {

using namespace std::chrono_literals;

HostName name_of(const std::string& text) {
    return HostName::parse(text).value();
}

FoundAddresses found_for(std::chrono::seconds ttl) {
    return {{parse_ip_address("192.0.2.1").value()}, ttl};
}

class NameCacheTest : public testing::Test {
  protected:
    NameCache cache_;
    const NameCache::Time now_{1h};
};

TEST_F(NameCacheTest, ANameIsKeptUntilItsTtlHasPassed) {
    cache_.keep(name_of("a.example"), found_for(10s), now_);
    ASSERT_NE(cache_.find(name_of("a.example"), now_ + 9s), nullptr);
    EXPECT_EQ(cache_.find(name_of("a.example"), now_ + 9s)->value().front().to_string(),
              "192.0.2.1");
    EXPECT_EQ(cache_.find(name_of("a.example"), now_ + 10s), nullptr);
}

TEST_F(NameCacheTest, NoNameIsKeptForMoreThanAMinute) {
    cache_.keep(name_of("a.example"), found_for(24h), now_);
    EXPECT_NE(cache_.find(name_of("a.example"), now_ + 59s), nullptr);
    EXPECT_EQ(cache_.find(name_of("a.example"), now_ + 60s), nullptr);
}

TEST_F(NameCacheTest, WithoutATtlNothingIsKept) {
    cache_.keep(name_of("a.example"), found_for(10s), now_);
    cache_.keep(name_of("a.example"), found_for(0s), now_);
    EXPECT_EQ(cache_.find(name_of("a.example"), now_), nullptr);
}

TEST_F(NameCacheTest, ThatANameDoesNotExistIsKeptForAShortTime) {
    const Error unknown(ProxyError::name_unknown, "not known");
    cache_.keep(name_of("a.example"), unknown, now_);
    ASSERT_NE(cache_.find(name_of("a.example"), now_ + 4s), nullptr);
    EXPECT_EQ(cache_.find(name_of("a.example"), now_ + 4s)->error().message, "not known");
    EXPECT_EQ(cache_.find(name_of("a.example"), now_ + 5s), nullptr);
}

TEST_F(NameCacheTest, ThatNobodyAnsweredIsNotKept) {
    cache_.keep(name_of("a.example"), Error(ProxyError::lookup_timed_out, "no answer"), now_);
    cache_.keep(name_of("b.example"), Error(ProxyError::lookup_failed, "refused"), now_);
    EXPECT_EQ(cache_.find(name_of("a.example"), now_), nullptr);
    EXPECT_EQ(cache_.find(name_of("b.example"), now_), nullptr);
}

TEST_F(NameCacheTest, InAFullCacheTheOneThatEndsFirstMakesRoom) {
    cache_.keep(name_of("first.example"), found_for(10s), now_);
    for (std::size_t i = 1; i < NameCache::names_max; ++i)
        cache_.keep(name_of("n" + std::to_string(i) + ".example"), found_for(20s), now_);
    EXPECT_NE(cache_.find(name_of("first.example"), now_), nullptr);
    cache_.keep(name_of("last.example"), found_for(20s), now_);
    EXPECT_EQ(cache_.find(name_of("first.example"), now_), nullptr);
    EXPECT_NE(cache_.find(name_of("n1.example"), now_), nullptr);
    EXPECT_NE(cache_.find(name_of("last.example"), now_), nullptr);
}

}  // namespace
}  // namespace glovebox::core
