// SPDX-License-Identifier: Apache-2.0

#include "nsm-mock/document/text_form.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace glovebox::nsm {
namespace {

using testing::HasSubstr;

TEST(TextForm, BytesHexadecimalAndBase64AreTheSame) {
    const Bytes document{0x84, 0x44, 0xa1, 0x01, 0x38, 0x22};
    EXPECT_EQ(decode_text_form(document).value(), document);
    EXPECT_EQ(decode_text_form(as_bytes("8444A10138 22\n")).value(), document);
    EXPECT_EQ(decode_text_form(as_bytes("hEShATgi\n")).value(), document);
    EXPECT_THAT(decode_text_form(as_bytes("<html>")).error().message,
                HasSubstr("neither hexadecimal nor base64"));
    EXPECT_TRUE(decode_text_form({}).value().empty());
}

TEST(TextForm, LinesTheUrlAlphabetAndMissingPaddingAreTaken) {
    EXPECT_EQ(decode_text_form(as_bytes("Zm9v\r\nYg")).value(), Bytes({'f', 'o', 'o', 'b'}));
    EXPECT_EQ(decode_text_form(as_bytes("-_-_")).value(),
              decode_text_form(as_bytes("+/+/")).value());
    for (const char* wrong : {"Z", "Zm9vY", "Zm9v!", "Zg===", "Zg==Zg==", "Zm9v=", "Zm=9"})
        EXPECT_FALSE(decode_text_form(as_bytes(wrong))) << wrong;
}

TEST(TextForm, LinesOfADocumentAreEquallyLongButForTheLast) {
    for (const char* text :
         {"", "hEShATgi", "hEShATgi\n", "hESh\nATgi\n", "hESh\r\nATgi\r\nA=\r\n"})
        EXPECT_FALSE(has_other_lines(as_bytes(text))) << text;
    for (const char* text : {"ready\nhEShATgihEShATgi\n", "hEShATgi\nbye\nbye\n", "a\n\nhESh\n"})
        EXPECT_TRUE(has_other_lines(as_bytes(text))) << text;
    EXPECT_FALSE(has_other_lines(Bytes{0x84, '\n', 0x01, 0x02}));
}

}  // namespace
}  // namespace glovebox::nsm
