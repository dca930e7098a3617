// SPDX-License-Identifier: Apache-2.0

#include "sim/vm/console_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace glovebox::vm {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

TEST(ConsoleText, HasTheStatusThatInitTells) {
    ConsoleText console("0123");
    console.take("booting\r\nGLOVEBOX-GUEST 01");
    EXPECT_FALSE(console.is_ready());
    console.take("23 ready\r\n");
    EXPECT_TRUE(console.is_ready());
    EXPECT_EQ(console.status(), std::nullopt);
    console.take("GLOVEBOX-GUEST 0123 exit 0x\r\n");
    EXPECT_FALSE(console.status());
    console.take("GLOVEBOX-GUEST 0123 exit 7\r\n");
    EXPECT_EQ(console.status(), 7);
}

TEST(ConsoleText, BelievesNoOtherToken) {
    ConsoleText console("0123");
    console.take("GLOVEBOX-GUEST 4567 ready\nGLOVEBOX-GUEST 4567 exit 0\n");
    EXPECT_FALSE(console.is_ready());
    EXPECT_EQ(console.status(), std::nullopt);
}

TEST(ConsoleText, NamesAPanicHoweverLongItsTraceIs) {
    ConsoleText console("0123");
    console.take("[ 2.3] Kernel panic - not syncing: a crash\n");
    for (int i = 0; i < 5000; ++i)
        console.take("[ 2.3]  ? some_function+0x1/0x2\n");
    EXPECT_THAT(console.end(), StartsWith("Kernel panic - not syncing: a crash; its last lines:"));
    const std::string end = console.end();
    EXPECT_EQ(std::count(end.begin(), end.end(), '\n'), 40);
}

TEST(ConsoleText, EndsWithALineWhoseEndHasNotCome) {
    ConsoleText console("0123");
    console.take("one\n\x1b[31mtw");
    EXPECT_THAT(console.end(), HasSubstr("  | one\n  | "));
    EXPECT_THAT(console.end(), HasSubstr("tw"));
    EXPECT_THAT(console.end(), Not(HasSubstr("\x1b")));
    EXPECT_THAT(ConsoleText("0123").end(), HasSubstr("(none)"));
}

}  // namespace
}  // namespace glovebox::vm
