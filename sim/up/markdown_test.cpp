// SPDX-License-Identifier: Apache-2.0

#include "sim/up/markdown.h"

#include <gtest/gtest.h>

namespace glovebox::up {
namespace {

TEST(Markdown, ACodeSpanHoldsAnyLine) {
    EXPECT_EQ(code_span("a"), "`a`");
    EXPECT_EQ(code_span(""), "-");
    EXPECT_EQ(code_span(" "), "` `");
    EXPECT_EQ(code_span(" a "), "`  a  `");
    EXPECT_EQ(code_span("a|b"), "`a\\|b`");
    EXPECT_EQ(code_span("a`b``c"), "```a`b``c```");
    EXPECT_EQ(code_span("`"), "`` ` ``");
    EXPECT_EQ(code_span("a\n\x1b[2J<b>"), "`a\\x0a\\x1b[2J<b>`");
}

TEST(Markdown, ACodeBlockHoldsAnyLines) {
    EXPECT_EQ(code_block("a\nb"), "```text\na\nb\n```\n");
    EXPECT_EQ(code_block("```\n# a\n````\n"), "`````text\n```\n# a\n````\n`````\n");
    EXPECT_EQ(code_block("\x1b[2J"), "```text\n\\x1b[2J\n```\n");
}

}  // namespace
}  // namespace glovebox::up
