// SPDX-License-Identifier: Apache-2.0

#include "sim/up/env_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace glovebox::up {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

Result<std::vector<std::pair<std::string, std::string>>> parse_text(std::string_view text) {
    return parse_env_file(text, "a.env", [](const std::string& name) {
        return name == "HOST" ? std::optional<std::string>("here") : std::nullopt;
    });
}

TEST(EnvFile, HasAVariableInEachLine) {
    EXPECT_THAT(
        parse_text(R"(# a comment
A=1

  B = two words   # a comment
export C=three
D=
E=a#b
F='$HOST # "'
G="a\nb \"$HOST\" \$HOST" # a comment
H=http://${HOST}/?a=b
I=#
A=again)")
            .value(),
        ElementsAre(Pair("A", "1"), Pair("B", "two words"), Pair("C", "three"), Pair("D", ""),
                    Pair("E", "a#b"), Pair("F", "$HOST # \""), Pair("G", "a\nb \"here\" $HOST"),
                    Pair("H", "http://here/?a=b"), Pair("I", ""), Pair("A", "again")));
    EXPECT_THAT(parse_text("A=1\r\nB=2\r\n").value(), ElementsAre(Pair("A", "1"), Pair("B", "2")));
}

TEST(EnvFile, SaysInWhichLineItIsWrong) {
    EXPECT_EQ(parse_text("A=1\nB\n").error().message, "a.env:2: NAME=VALUE was expected");
    EXPECT_EQ(parse_text("=1\n").error().message, "a.env:1: NAME=VALUE was expected");
    EXPECT_EQ(parse_text("A='1\n").error().message,
              "a.env:1: A: a value in '...' ends with the line");
    EXPECT_EQ(parse_text("A=\"1\" x\n").error().message,
              "a.env:1: A: a value in \"...\" ends with the line");
    EXPECT_THAT(parse_text("A=$NONE\n").error().message,
                HasSubstr("a.env:1: A: the variable NONE is not set"));
}

TEST(EnvFile, ARefusalShowsForeignTextAsText) {
    EXPECT_EQ(parse_text("A\x1b[2J='1\n").error().message,
              "a.env:1: A\\x1b[2J: a value in '...' ends with the line");
}

}  // namespace
}  // namespace glovebox::up
