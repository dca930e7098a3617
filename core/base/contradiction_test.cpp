// SPDX-License-Identifier: Apache-2.0

#include "core/base/contradiction.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace glovebox {
namespace {

using Items = std::vector<std::pair<int, std::string>>;

auto find(const Items& items) {
    return find_contradiction(items, [](const auto& item) { return item.first; });
}

TEST(Contradiction, IsTwoValuesOfOneKey) {
    EXPECT_EQ(find({{0, "a"}, {1, "b"}, {0, "c"}, {1, "d"}}), std::pair(0ul, 2ul));
    EXPECT_EQ(find({{0, "a"}, {0, "a"}, {0, "b"}}), std::pair(0ul, 2ul));
}

TEST(Contradiction, QuotesWhatWasGiven) {
    const Items items{{0, "a"}, {0, "b"}};
    EXPECT_EQ(
        explain_contradiction({"0=a", "0=b"}, items, [](const auto& item) { return item.first; }),
        "0=a and 0=b contradict each other: give one of them");
}

TEST(Contradiction, IsNotTheSameValueAgainOrAnotherKey) {
    EXPECT_EQ(find({}), std::nullopt);
    EXPECT_EQ(find({{0, "a"}, {1, "b"}, {0, "a"}, {2, "a"}}), std::nullopt);
}

}  // namespace
}  // namespace glovebox
