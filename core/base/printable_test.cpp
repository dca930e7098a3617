// SPDX-License-Identifier: Apache-2.0

#include "core/base/printable.h"

#include <gtest/gtest.h>

namespace glovebox {
namespace {

TEST(Printable, LettersOfEveryScriptStay) {
    const std::string text =
        "kms \u00fc\u00df \u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627 "
        "\u65e5\u672c\u8a9e \U0001f512 \\ \"";
    EXPECT_EQ(printable(text), text);
}

TEST(Printable, ControlCharactersAreEscaped) {
    EXPECT_EQ(printable("a\n\tb\r\x1b[2J\x7f"), "a\\x0a\\x09b\\x0d\\x1b[2J\\x7f");
    EXPECT_EQ(printable(std::string_view("\0", 1)), "\\x00");
    EXPECT_EQ(printable("\u009b31m"), "\\u{9b}31m");
}

TEST(Printable, BytesThatAreNoUtf8AreEscaped) {
    EXPECT_EQ(printable("\x9b"
                        "31m"),
              "\\x9b31m");
    EXPECT_EQ(printable("a\xff\xfe"), "a\\xff\\xfe");
    EXPECT_EQ(printable("\xc3"), "\\xc3");                    // incomplete
    EXPECT_EQ(printable("\xc0\xaf"), "\\xc0\\xaf");           // longer than need be
    EXPECT_EQ(printable("\xed\xa0\x80"), "\\xed\\xa0\\x80");  // a surrogate
    EXPECT_EQ(printable("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80");
    EXPECT_EQ(printable("\xe2\x82"), "\\xe2\\x82");
}

TEST(Printable, WhatHidesOrReordersTextIsEscaped) {
    EXPECT_EQ(printable("\u202egpj.exe"), "\\u{202e}gpj.exe");
    EXPECT_EQ(printable("a\u200bb\u2066c\ufeff"), "a\\u{200b}b\\u{2066}c\\u{feff}");
    EXPECT_EQ(printable("a\u2028b\u2029"), "a\\u{2028}b\\u{2029}");
    EXPECT_EQ(printable("\U000e0041"), "\\u{e0041}");
    EXPECT_EQ(printable("\ufdd0\U0010ffff"), "\\u{fdd0}\\u{10ffff}");
}

TEST(Printable, AQuotedTextCannotEndItsQuotes) {
    EXPECT_EQ(in_quotes("a\"b\\c\n\x9b"), R"("a\"b\\c\x0a\x9b")");
    EXPECT_EQ(in_quotes(""), "\"\"");
    EXPECT_EQ(in_quotes("\""), R"("\"")");
}

TEST(Printable, LinesKeepTheirLineFeedsAndTabs) {
    EXPECT_EQ(printable_lines("a\tb\nc\r\x1b"), "a\tb\nc\\x0d\\x1b");
}

TEST(Printable, ACutTextSaysItsLength) {
    EXPECT_EQ(cut("four", 4), "four");
    EXPECT_EQ(cut("fives", 4), "five... (5 bytes)");
    EXPECT_EQ(shown(std::string(900'000, 'A')), std::string(256, 'A') + "... (900000 bytes)");
}

TEST(Printable, ACutLeavesNoHalfCharacter) {
    EXPECT_EQ(cut("ab\u65e5\u672c", 4), "ab... (8 bytes)");
    EXPECT_EQ(cut("ab\u65e5\u672c", 5), "ab\u65e5... (8 bytes)");
    EXPECT_EQ(shown("\x80\x80\x80\x80\x80\x80", 4), "\\x80... (6 bytes)");
}

}  // namespace
}  // namespace glovebox
