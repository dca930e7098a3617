// SPDX-License-Identifier: Apache-2.0

#include "sim/up/last_lines.h"

#include <gtest/gtest.h>

namespace glovebox::up {
namespace {

TEST(LastLines, AreTheLastOfEachPart) {
    LastLines last;
    EXPECT_EQ(last.of("one"), "");
    for (int i = 1; i <= 12; ++i)
        last.take("one", std::to_string(i));
    last.take("two", "\x1b[2J");
    EXPECT_EQ(last.of("one"), "3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n");
    EXPECT_EQ(last.of("two"), "\\x1b[2J\n");
}

}  // namespace
}  // namespace glovebox::up
