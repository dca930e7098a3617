// SPDX-License-Identifier: Apache-2.0

#include "core/yaml/yaml_reader.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <yaml-cpp/yaml.h>

namespace glovebox {
namespace {

using testing::AllOf;
using testing::HasSubstr;

std::string refusal(std::string_view text, const YamlBudget& budget = {}) {
    const auto read = read_yaml(text, budget);
    return read.refusal
               ? fmt::format("{} {}", line_and_column(read.refusal->mark), read.refusal->sentence)
               : "read";
}

std::string nested(std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
}

// Nine lists of ten aliases each: 10^9 nodes in 300 bytes.
std::string billion_laughs() {
    std::string text = "a: &a [x, x, x, x, x, x, x, x, x, x]\n";
    for (char name = 'b'; name <= 'i'; ++name)
        text += fmt::format("{0}: &{0} [*{1},*{1},*{1},*{1},*{1},*{1},*{1},*{1},*{1},*{1}]\n", name,
                            static_cast<char>(name - 1));
    return text;
}

TEST(YamlReader, ReadsOneDocument) {
    EXPECT_EQ(read_yaml("a: [1, 2]\n").top["a"][1].as<int>(), 2);
    EXPECT_TRUE(read_yaml("").top.IsNull());
    EXPECT_TRUE(read_yaml("# nothing\n").top.IsNull());
    EXPECT_EQ(refusal("a: 1\n---\nb: 2\n"), "2:1 one document was expected, here begins a second");
    EXPECT_THAT(refusal("a: ["), HasSubstr("this is not YAML"));
    EXPECT_THAT(refusal("\"\\u202e"), HasSubstr("this is not YAML"));
}

TEST(YamlReader, ATabIsCalledATab) {
    for (const char* text : {"a:\n\tb: 1\n", "a:\n  b: 1\n\tc: 2\n", "a:\n  b:\n  \tc: 2\n"})
        EXPECT_THAT(refusal(text), HasSubstr("is indented with a tab")) << text;
    EXPECT_THAT(refusal("a:\n  b:\n  \tc: 2\n"), HasSubstr("3:3"));
    EXPECT_EQ(refusal("{a: 1,\n\tb: 2}\n"), "read");
    EXPECT_THAT(refusal("a: b: c\n\td: 1\n"), HasSubstr("this is not YAML"));
}

TEST(YamlReader, ANameStandsOnceInAMap) {
    EXPECT_EQ(refusal("a: {a: 1, b: 1}\nb: [{a: 1}, {a: 1}]\n"), "read");
    EXPECT_EQ(refusal("a: 1\nb: 2\na: 3\n"),
              "3:1 a is there twice in one map, first in line 1: remove one of the two");
    EXPECT_THAT(refusal("x: [{b: {c: 1, \"c\": 2}}]\n"), HasSubstr("1:16 c is there twice"));
    EXPECT_THAT(refusal("? &n a\n: 1\n? *n\n: 2\n"), HasSubstr("a is there twice"));
    EXPECT_THAT(refusal("{\"\\u202e\": 1, \"\\u202e\": 2}"), HasSubstr("\\u{202e} is there twice"));
    // Maps and lists as names are compared by nobody; what follows them is still in step.
    EXPECT_EQ(refusal("{[a]: a, b: a, {a: 1}: b}"), "read");
    EXPECT_THAT(refusal("{[a]: a, b: a, {a: 1}: b, b: 2}"), HasSubstr("b is there twice"));
}

// yaml-cpp reads null documents for ever here, until memory ends.
TEST(YamlReader, ATokenThatBeginsNoDocumentIsRefused) {
    EXPECT_NE(refusal("a: 1\n]"), "read");
    EXPECT_NE(refusal(",\"{\t "), "read");
}

TEST(YamlReader, EachLimitIsNamed) {
    const YamlBudget budget{.bytes = 100, .nodes = 7, .depth = 3};
    EXPECT_EQ(refusal(std::string(101, '#'), budget),
              " the YAML has 101 bytes, and the limit here is 100");
    EXPECT_EQ(refusal(nested(3), budget), "read");
    EXPECT_EQ(refusal(nested(4), budget),
              "1:4 the YAML nests more than 3 levels deep, the limit here");
    EXPECT_EQ(refusal("{a: 1, b: [2, 3]}", budget), "read");
    EXPECT_EQ(refusal("{a: 1, b: [2, 3, ~]}", budget),
              "1:18 the YAML has more than 7 nodes with its aliases expanded, the limit here");
    for (const auto& text : {std::string(101, '#'), nested(4), std::string("[1,2,3,4,5,6,7]")})
        EXPECT_EQ(read_yaml(text, budget).refusal.value().kind, YamlRefusal::Kind::budget) << text;
}

TEST(YamlReader, AnAliasCountsAsWhatItStandsFor) {
    EXPECT_EQ(refusal("[&a [1, 2], *a]", {.nodes = 7}), "read");
    EXPECT_THAT(refusal("[&a [1, 2], *a]", {.nodes = 6}), HasSubstr("more than 6 nodes"));
    EXPECT_THAT(refusal("[&a [[1]], [*a]]", {.depth = 3}), HasSubstr("more than 3 levels"));
    EXPECT_EQ(refusal("[&a [[1]], [*a]]", {.depth = 4}), "read");
    EXPECT_EQ(refusal("{&k key: &v value, other: [*v, *k]}"), "read");
    EXPECT_THAT(refusal(billion_laughs()),
                AllOf(HasSubstr("5:29"), HasSubstr("more than 100000 nodes")));
}

TEST(YamlReader, AliasesOfOneLongTextAreCountedInBytes) {
    std::string text = "- &a " + std::string(1000, 'x') + "\n";
    for (int i = 0; i < 2000; ++i)
        text += "- *a\n";
    EXPECT_THAT(refusal(text), HasSubstr("more than 1048576 bytes with its aliases expanded"));
}

TEST(YamlReader, AnAliasWithinItsOwnAnchorIsRefused) {
    EXPECT_EQ(refusal("&a [*a]"), "1:5 an alias stands within what it is an alias of");
    EXPECT_EQ(refusal("a: &a\n  b: *a\n"), "2:6 an alias stands within what it is an alias of");
}

}  // namespace
}  // namespace glovebox
