// SPDX-License-Identifier: Apache-2.0

#include "sim/up/hidden_lines.h"

#include <gtest/gtest.h>

namespace glovebox::up {
namespace {

TEST(HiddenLines, AreTheLastOfEachPart) {
    HiddenLines hidden;
    EXPECT_EQ(hidden.of("one"), "");
    for (int i = 1; i <= 12; ++i)
        hidden.take("one", std::to_string(i));
    hidden.take("two", "\x1b[2J");
    EXPECT_EQ(hidden.of("one"),
              "the last lines of one, which -q hides:\n  3\n  4\n  5\n  6\n  7\n  8\n  9\n  10\n"
              "  11\n  12\n");
    EXPECT_EQ(hidden.of("two"), "the last lines of two, which -q hides:\n  \\x1b[2J\n");
}

}  // namespace
}  // namespace glovebox::up
