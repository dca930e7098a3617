// SPDX-License-Identifier: Apache-2.0

#include "core/base/json_text.h"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>

namespace glovebox {
namespace {

namespace json = boost::json;

TEST(JsonText, IsReadAsTheSameText) {
    const std::string text =
        "\"\\/\b\f\n\r\t\x01\x7f \u00fc \u009b \u202e \ufeff \u65e5 \U0001f512 "
        "\U000e0041";
    EXPECT_EQ(json::parse(json_quote(text)).as_string(), text);
}

TEST(JsonText, EscapesWhatATerminalWouldObey) {
    EXPECT_EQ(json_quote("\x1b[2J\x7f\u009b"), R"("\u001b[2J\u007f\u009b")");
    EXPECT_EQ(json_quote("\u202e\u200b\u2028"), R"("\u202e\u200b\u2028")");
    EXPECT_EQ(json_quote("\U000e0041"), R"("\udb40\udc41")");
    EXPECT_EQ(json_quote("\u65e5\U0001f512"), "\"\u65e5\U0001f512\"");
}

TEST(JsonText, ReplacesBytesThatAreNoUtf8) {
    EXPECT_EQ(json_quote("a\x9b\xff"
                         "b"),
              R"("a\ufffd\ufffdb")");
}

TEST(JsonText, CanEscapeNoMoreThanNeedBe) {
    EXPECT_EQ(json_quote_least("\"\\\n\x1f\x7f\u009b\u202e"),
              "\"\\\"\\\\\\n\\u001f\x7f\u009b\u202e\"");
    EXPECT_EQ(json_quote_least("\xff"), R"("\ufffd")");
}

TEST(JsonText, NamesAreEscapedAsTextsAre) {
    EXPECT_EQ(json_text({{"\u009b", "\xff"}}), R"({"\u009b":"\ufffd"})");
}

TEST(JsonText, HasTwoLayouts) {
    const json::value value{
        {"a", {1, 2.5, nullptr, true}}, {"b", json::object{}}, {"c", json::array{}}};
    EXPECT_EQ(json::parse(json_text(value)), value);
    EXPECT_EQ(
        json_text(value, {.indented = true, .number = [](double) { return std::string("N"); }}),
        "{\n  \"a\": [\n    1,\n    N,\n    null,\n    true\n  ],\n  \"b\": {},\n  \"c\": []\n}");
}

}  // namespace
}  // namespace glovebox
