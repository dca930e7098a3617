// SPDX-License-Identifier: Apache-2.0

#include "core/base/bounded_cache.h"

#include <gtest/gtest.h>

#include <string>

namespace glovebox {
namespace {

TEST(BoundedCache, FindsWhatWasAdded) {
    BoundedCache<int, std::string> cache(2);
    EXPECT_EQ(cache.find(1), std::nullopt);
    cache.add(1, "one");
    EXPECT_EQ(cache.find(1), "one");
    cache.add(1, "another");
    EXPECT_EQ(cache.find(1), "one");
}

TEST(BoundedCache, OfTooManyEntriesTheOldestIsForgotten) {
    BoundedCache<int, std::string> cache(2);
    cache.add(1, "one");
    cache.add(2, "two");
    cache.add(1, "one");  // no second place, and no younger one
    cache.add(3, "three");
    EXPECT_EQ(cache.find(1), std::nullopt);
    EXPECT_EQ(cache.find(2), "two");
    EXPECT_EQ(cache.find(3), "three");
    cache.add(1, "one");
    EXPECT_EQ(cache.find(2), std::nullopt);
    EXPECT_EQ(cache.find(1), "one");
}

}  // namespace
}  // namespace glovebox
