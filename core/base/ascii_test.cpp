// SPDX-License-Identifier: Apache-2.0

#include "core/base/ascii.h"

#include <gtest/gtest.h>

namespace glovebox {
namespace {

TEST(Ascii, LettersAloneHaveALowerCase) {
    EXPECT_EQ(to_lower("Content-Length@[`{_9"), "content-length@[`{_9");
    EXPECT_EQ(to_lower("\xc3\x84"), "\xc3\x84") << "a letter of UTF-8 is not ASCII's";
}

TEST(Ascii, CaseIsIgnoredAndLengthIsNot) {
    EXPECT_TRUE(equals_ignoring_case("Host", "hOST"));
    EXPECT_TRUE(equals_ignoring_case("", ""));
    EXPECT_FALSE(equals_ignoring_case("Host", "Hos"));
    EXPECT_FALSE(equals_ignoring_case("[", "{")) << "32 apart, and no letters";
}

}  // namespace
}  // namespace glovebox
