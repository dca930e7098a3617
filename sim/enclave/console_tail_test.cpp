// SPDX-License-Identifier: Apache-2.0

#include "sim/enclave/console_tail.h"

#include <gtest/gtest.h>

namespace glovebox::enclave {
namespace {

constexpr std::size_t plenty = 4096;

TEST(LastLines, AreTheLastOnes) {
    EXPECT_EQ(last_lines("", 3, plenty), "");
    EXPECT_EQ(last_lines("a\nb\n", 3, plenty), "a\nb\n");
    EXPECT_EQ(last_lines("a\nb\nc\nd\n", 2, plenty), "c\nd\n");
    EXPECT_EQ(last_lines("a\nb\nc", 2, plenty), "b\nc");
    EXPECT_EQ(last_lines("abcdef\n", 3, 4), "def\n");
}

TEST(LastLines, WhatAProgramEndedOfComesFirst) {
    const std::string trace = "1\n2\n3\n4\n5\n";
    EXPECT_EQ(last_lines("before\npanic: no such thing\n" + trace, 4, plenty),
              "panic: no such thing\n...\n4\n5\n");
    EXPECT_EQ(last_lines("Exception in thread \"main\" x\n" + trace, 3, plenty),
              "Exception in thread \"main\" x\n...\n5\n");
    EXPECT_EQ(last_lines("panic: first\npanic: second\n" + trace, 3, plenty),
              "panic: second\n...\n5\n");
}

TEST(LastLines, NothingIsMovedThatIsSeenAnyway) {
    EXPECT_EQ(last_lines("0\n1\npanic: x\n2\n", 3, plenty), "1\npanic: x\n2\n");
    EXPECT_EQ(last_lines("said panic: x\n1\n2\n3\n", 3, plenty), "1\n2\n3\n");
    EXPECT_EQ(last_lines("panic: x\n1\n2\n", 2, plenty), "1\n2\n");
}

TEST(LastLines, AFatalLineIsCutToo) {
    const std::string text = "panic: " + std::string(1000, 'x') + "\n1\n2\n3\n";
    EXPECT_LE(last_lines(text, 3, 100).size(), 110U);
}

}  // namespace
}  // namespace glovebox::enclave
