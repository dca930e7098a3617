// SPDX-License-Identifier: Apache-2.0

#include "sim/kms/tag_character.h"

#include <gtest/gtest.h>

#include "sim/kms/utf8.h"

namespace glovebox::kms {
namespace {

TEST(TagCharacter, LettersNumbersAndSeparatorsOfAnyLanguage) {
    for (const char* text : {"", "aZ09 _./=+-:@", "\u00e9\u00df\u0141", "\u65e5\u672c\u8a9e",
                             "\u0436\u05d0\u0627\u0905", "\u0663\u00bd\u2167", "\u00a0\u3000\u2028",
                             "\U00020000\U0001d400"})
        EXPECT_TRUE(has_tag_characters_alone(text)) << text;
}

TEST(TagCharacter, NoOthers) {
    for (const char* text : {"a,b", "a\"", "{", "\t", "\u20ac", "\u00d7", "\u2019", "\U0001f600",
                             "\u2764", "e\u0301", "\u0092", "\ue000"})
        EXPECT_FALSE(has_tag_characters_alone(text)) << text;
}

TEST(Utf8, CharactersAreCounted) {
    EXPECT_EQ(count_characters(""), 0u);
    EXPECT_EQ(count_characters("a\u00e9\u65e5\U0001f600"), 4u);
    std::string_view text = "\U0001f600x";
    EXPECT_EQ(take_character(text), U'\U0001f600');
    EXPECT_EQ(text, "x");
}

}  // namespace
}  // namespace glovebox::kms
