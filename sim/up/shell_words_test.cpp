// SPDX-License-Identifier: Apache-2.0

#include "sim/up/shell_words.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace glovebox::up {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(ShellWords, AreSplitAsAShellDoes) {
    const auto split = [](std::string_view text) { return split_shell_words(text).value(); };
    EXPECT_THAT(split("python3 b.py"), ElementsAre("python3", "b.py"));
    EXPECT_THAT(split("  a \t b\n"), ElementsAre("a", "b"));
    EXPECT_THAT(split(""), IsEmpty());
    EXPECT_THAT(split("''"), ElementsAre(""));
    EXPECT_THAT(split("a 'b  c' \"d e\""), ElementsAre("a", "b  c", "d e"));
    EXPECT_THAT(split("a'b'\"c\""), ElementsAre("abc"));
    EXPECT_THAT(split(R"(a\ b "c\"d" "e\f" 'g\h')"), ElementsAre("a b", "c\"d", "e\\f", "g\\h"));
    EXPECT_THAT(split("sh -c 'a | b && c > d'"), ElementsAre("sh", "-c", "a | b && c > d"));
    EXPECT_THAT(split("a $HOME *"), ElementsAre("a", "$HOME", "*"));
}

TEST(ShellWords, ThatNeedAShellAreRefused) {
    for (const char* text : {"a | b", "a && b", "a > b", "a < b", "a; b", "(a)", "a `b`", "a&"})
        EXPECT_THAT(split_shell_words(text).error().message, HasSubstr("[sh, -c, 'COMMAND']"))
            << text;
    EXPECT_EQ(split_shell_words("a 'b").error().message, "a ' is not closed");
    EXPECT_EQ(split_shell_words("a \"b\\\"").error().message, "a \" is not closed");
}

}  // namespace
}  // namespace glovebox::up
