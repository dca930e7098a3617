// SPDX-License-Identifier: Apache-2.0

#include "sim/cli/bytes_argument.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/testing/temporary_directory.h"

namespace glovebox::cli {
namespace {

using testing::HasSubstr;

TEST(BytesArgument, IsHexadecimalTextOrAFile) {
    EXPECT_EQ(read_bytes_argument("00ff").value(), Bytes({0x00, 0xff}));
    EXPECT_EQ(read_bytes_argument("").value(), Bytes{});
    EXPECT_EQ(read_bytes_argument("text:ab").value(), Bytes({'a', 'b'}));
    EXPECT_EQ(read_bytes_argument("text:").value(), Bytes{});
    const TemporaryDirectory directory;
    const std::string path = directory.path() + "/file";
    ASSERT_TRUE(write_file(path, Bytes({1, 2, 3})));
    EXPECT_EQ(read_bytes_argument("@" + path).value(), Bytes({1, 2, 3}));
}

TEST(BytesArgument, AnythingElseIsRefusedWithTheWaysThereAre) {
    EXPECT_THAT(read_bytes_argument("hello").error().message,
                testing::AllOf(HasSubstr("'h' at position 1"), HasSubstr("text:hello")));
    EXPECT_THAT(check_bytes_argument("abc"), HasSubstr("odd number"));
    EXPECT_EQ(check_bytes_argument("@/nonexistent"), "") << "files are opened when it runs";
    const TemporaryDirectory directory;
    const std::string path = directory.path() + "/nowhere";
    EXPECT_THAT(read_bytes_argument("@" + path).error().message,
                HasSubstr("cannot open " + path + ": No such file"));
}

TEST(BytesArgument, AFileLargerThanItsLimitIsRefused) {
    const TemporaryDirectory directory;
    const std::string path = directory.path() + "/file";
    ASSERT_TRUE(write_file(path, Bytes(11)));
    EXPECT_TRUE(read_file(path, 11));
    EXPECT_THAT(read_file(path, 10).error().message, HasSubstr("more than 10 bytes"));
}

TEST(Base64, GoesThereAndBackAtEveryLength) {
    Bytes bytes;
    for (int i = 0; i < 70; ++i) {
        const std::string text = to_base64(bytes);
        EXPECT_EQ(text.size(), (bytes.size() + 2) / 3 * 4);
        EXPECT_EQ(from_base64(text).value(), bytes);
        bytes.push_back(static_cast<std::uint8_t>(i * 37));
    }
    // RFC 4648, section 10
    EXPECT_EQ(to_base64(as_bytes("foobar")), "Zm9vYmFy");
    EXPECT_EQ(to_base64(as_bytes("fooba")), "Zm9vYmE=");
    EXPECT_EQ(to_base64(as_bytes("foob")), "Zm9vYg==");
}

TEST(Base64, LinesTheUrlAlphabetAndMissingPaddingAreTaken) {
    EXPECT_EQ(from_base64("Zm9v\r\nYg").value(), from_base64("Zm9vYg==").value());
    EXPECT_EQ(from_base64("-_-_").value(), from_base64("+/+/").value());
}

TEST(Base64, WhatIsNotItIsRefused) {
    for (const char* text : {"Z", "Zm9vY", "Zm9v!", "Zg===", "Zg==Zg==", "Zm9v=", "Zm=9"})
        EXPECT_FALSE(from_base64(text)) << text;
}

TEST(TextForm, BytesHexadecimalAndBase64AreTheSame) {
    const Bytes document{0x84, 0x44, 0xa1, 0x01, 0x38, 0x22};
    EXPECT_EQ(decode_text_form(document).value(), document);
    EXPECT_EQ(decode_text_form(as_bytes("8444A10138 22\n")).value(), document);
    EXPECT_EQ(decode_text_form(as_bytes("hEShATgi\n")).value(), document);
    EXPECT_THAT(decode_text_form(as_bytes("<html>")).error().message,
                HasSubstr("neither hexadecimal nor base64"));
    EXPECT_TRUE(decode_text_form({}).value().empty());
}

}  // namespace
}  // namespace glovebox::cli
