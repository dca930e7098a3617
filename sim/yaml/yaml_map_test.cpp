// SPDX-License-Identifier: Apache-2.0

#include "sim/yaml/yaml_map.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace glovebox::yaml {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Pair;

TEST(YamlMap, GivesWhatItHas) {
    const Document file = Document::parse(R"(
name: demo
port: 8000
debug: true
hosts: [a, b]
one: alone
nested: {x: 1}
list:
- {x: 2}
env: {A: "1", B: two}
)",
                                          "f")
                              .value();
    Map top = file.top();
    EXPECT_EQ(top.required_text("name"), "demo");
    EXPECT_EQ(top.integer("port", 1, 65535), 8000);
    EXPECT_EQ(top.flag("debug"), true);
    EXPECT_THAT(top.texts("hosts"), ElementsAre("a", "b"));
    EXPECT_THAT(top.texts("one"), ElementsAre("alone"));
    EXPECT_EQ(top.map("nested")->integer("x", 0, 9), 1);
    EXPECT_EQ(top.maps("list").at(0).integer("x", 0, 9), 2);
    EXPECT_THAT(top.named_texts("env"), ElementsAre(Pair("A", "1"), Pair("B", "two")));
    EXPECT_EQ(top.text("absent"), std::nullopt);
    top.refuse_unknown();
    EXPECT_EQ(file.error(), std::nullopt) << file.error()->message;
}

TEST(YamlMap, EveryMistakeHasItsLineAndColumn) {
    const Document file =
        Document::parse("port: 70000\nnmae: x\nhosts: {}\nenclaves:\n  a: 5\n", "w.yaml").value();
    Map top = file.top();
    (void)top.integer("port", 1, 65535);
    (void)top.required_text("name");
    (void)top.texts("hosts");
    (void)top.named_maps("enclaves");
    top.refuse_unknown();
    EXPECT_EQ(file.error()->message,
              "w.yaml:1:7: port: a number from 1 to 65535 was expected\n"
              "w.yaml:3:8: hosts: a list of texts was expected\n"
              "w.yaml:5:6: a: a map was expected\n"
              "w.yaml:2:1: \"nmae\" is not known here: did you mean name?");
}

TEST(YamlMap, AMissingMemberIsAMistakeUnlessAnotherStandsForIt) {
    const auto mistakes = [](const std::string& text) {
        const Document file = Document::parse(text, "f", {}, [](const std::string& scalar) {
                                  return scalar == "$NOPE" ? invalid_input("NOPE is not set")
                                                           : Result<std::string>(scalar);
                              }).value();
        Map top = file.top();
        (void)top.required_text("name");
        if (!top.integer("port", 1, 9))
            top.missing({"port", "socket"}, "missing, and socket too");
        (void)top.text("socket");
        top.refuse_unknown();
        if (!top.has("port"))
            top.missing({"port"}, "still missing");
        const auto error = file.error();
        return error ? error->message : "";
    };
    EXPECT_EQ(mistakes("name: a\nport: 1\n"), "");
    EXPECT_EQ(mistakes("{}"),
              "f:1:1: name: missing\nf:1:1: port: missing, and socket too\n"
              "f:1:1: port: still missing");
    EXPECT_EQ(mistakes("nmae: a\nprot: 1\n"),
              "f:1:1: \"nmae\" is not known here: did you mean name?\n"
              "f:2:1: \"prot\" is not known here: did you mean port?");
    EXPECT_EQ(mistakes("name: $NOPE\nport: [5]\n"),
              "f:1:7: name: NOPE is not set\nf:2:7: port: a number from 1 to 9 was expected");
    EXPECT_EQ(mistakes("name: a\nport: 1\nsoket: /x\n"),
              "f:3:1: \"soket\" is not known here: did you mean socket?");
    // One that is here already can't be meant.
    EXPECT_EQ(mistakes("name: a\nport: 1\nports: 2\n"),
              "f:3:1: \"ports\" is not known here: name, port, socket may stand here");
}

TEST(YamlMap, ANameThatStandsTwiceIsAMistake) {
    EXPECT_THAT(Document::parse("a: 1\na: 2\n", "f").error().message,
                HasSubstr("f:2:1: a is there twice"));
}

TEST(YamlMap, WritesYamlAsJson) {
    const Document file = Document::parse(R"(
policy:
  Version: "2012-10-17"
  Statement:
  - {Effect: Allow, Action: ["kms:*"], Flag: true, N: 3, Account: 012345678901,
     Quoted: "true", None: null}
text: '{"a": 1}'
)",
                                          "f")
                              .value();
    Map top = file.top();
    EXPECT_EQ(
        top.json("policy"),
        R"({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["kms:*"], )"
        R"("Flag": true, "N": 3, "Account": "012345678901", "Quoted": "true", "None": null}]})");
    EXPECT_EQ(top.json("text"), R"({"a": 1})");
}

TEST(YamlMap, ForeignNamesAreShownAsTextAndCut) {
    const Document file =
        Document::parse("\"\\e[2J\\u202e\": 1\n" + std::string(1000, 'k') + ": 2\n", "f").value();
    file.top().refuse_unknown();
    EXPECT_THAT(file.error()->message, AllOf(HasSubstr("f:1:1: \"\\x1b[2J\\u{202e}\" is not known"),
                                             HasSubstr("kkk... (1000 bytes)\" is not known")));
}

TEST(YamlMap, TheFirstMistakesAreSaid) {
    std::string text;
    for (int i = 0; i < 5000; ++i)
        text += "k" + std::to_string(i) + ": 1\n";
    const Document file = Document::parse(text, "f").value();
    file.top().refuse_unknown();
    EXPECT_THAT(file.error()->message, AllOf(HasSubstr("f:20:1:"), Not(HasSubstr("f:21:1:")),
                                             HasSubstr("\nf: and 4980 more mistakes")));
}

TEST(YamlMap, AFileBeyondItsBudgetIsRefused) {
    EXPECT_EQ(Document::parse("a: [1, 2]\n", "f", {.nodes = 4}).error().message,
              "f:1:8: the YAML has more than 4 nodes with its aliases expanded, the limit here");
    EXPECT_EQ(Document::parse("a: 1\n", "f", {.bytes = 4}).error().message,
              "f: the YAML has 5 bytes, and the limit here is 4");
}

TEST(YamlMap, WhatIsNoMapOfOneDocumentIsRefused) {
    EXPECT_EQ(Document::parse("- 1\n", "f").error().message,
              "f:1:1: a map was expected, KEY: VALUE in each line");
    EXPECT_THAT(Document::parse("a: [", "f").error().message, HasSubstr("this is not YAML"));
    EXPECT_THAT(Document::parse("a: 1\n---\nb: 2\n", "f").error().message, HasSubstr("a second"));
    for (const char* text : {"", "\n\n", "# kms: {}\n", "---\n"})
        EXPECT_EQ(Document::parse(text, "f").error().message,
                  "f: the file is empty, or has comments alone: a map was expected, KEY: VALUE in "
                  "each line")
            << text;
}

}  // namespace
}  // namespace glovebox::yaml
