// SPDX-License-Identifier: Apache-2.0

#include "core/rules/allowlist_file.h"

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "core/address/proxy_error.h"

namespace glovebox::core {
namespace {

using testing::AllOf;
using testing::HasSubstr;

std::vector<std::string> rules_of(std::string_view text) {
    const Allowlist allowlist = parse_allowlist(text, "rules.yaml").value();
    std::vector<std::string> rules;
    for (const TargetRule& rule : allowlist.rules())
        rules.push_back(to_string(rule));
    return rules;
}

std::string sentence_of(std::string_view text) {
    const auto result = parse_allowlist(text, "rules.yaml");
    return result ? "(taken)" : result.error().message;
}

TEST(AllowlistFile, AwsFormIsRead) {
    EXPECT_THAT(rules_of("allowlist:\n"
                         "- {address: kms.us-east-1.amazonaws.com, port: 443}\n"
                         "- {address: 52.46.129.22, port: 443}\n"
                         "# a comment\n"
                         "- address: secretsmanager.eu-west-1.amazonaws.com\n"
                         "  port: 443\n"),
                testing::ElementsAre("kms.us-east-1.amazonaws.com:443", "52.46.129.22:443",
                                     "secretsmanager.eu-west-1.amazonaws.com:443"));
}

TEST(AllowlistFile, WildcardsBlocksAndRangesAreReadBesideIt) {
    EXPECT_THAT(
        rules_of("allowlist:\n"
                 "- {address: '*.example.com', port: 8000-8010}\n"
                 "- {address: 10.0.0.0/8, port: '*'}\n"
                 "- {address: '2001:db8::/32', port: '443'}\n"),
        testing::ElementsAre("*.example.com:8000-8010", "10.0.0.0/8:*", "[2001:db8::]/32:443"));
}

TEST(AllowlistFile, AnEmptyListAllowsNothing) {
    EXPECT_THAT(rules_of("allowlist: []"), testing::IsEmpty());
}

TEST(AllowlistFile, AWrongRuleIsNamedByLineAndColumn) {
    EXPECT_THAT(sentence_of("allowlist:\n- {address: example.com, port: 443}\n"
                            "- {address: 127.1, port: 443}\n"),
                AllOf(HasSubstr("rules.yaml: line 3, column 13"), HasSubstr("127.1")));
    EXPECT_THAT(sentence_of("allowlist:\n- {address: example.com, port: 70000}\n"),
                AllOf(HasSubstr("line 2, column 32"), HasSubstr("1 to 65535")));
    EXPECT_THAT(sentence_of("allowlist:\n- {address: example.com, prot: 443}\n"),
                AllOf(HasSubstr("line 2, column 26"), HasSubstr("\"prot\" is not known")));
    EXPECT_THAT(sentence_of("allowlist:\n- {address: example.com}\n"),
                AllOf(HasSubstr("line 2, column 3"), HasSubstr("no port")));
    EXPECT_THAT(sentence_of("allowlist:\n- {port: 443}\n"), HasSubstr("no address"));
    EXPECT_THAT(sentence_of("allowlist:\n- {address: a.example, address: b.example, port: 1}\n"),
                HasSubstr("address is there twice"));
    EXPECT_THAT(sentence_of("allowlist:\n- {address: [a, b], port: 1}\n"),
                HasSubstr("address needs a value"));
    EXPECT_THAT(sentence_of("allowlist:\n- {address: , port: 1}\n"),
                HasSubstr("address needs a value"));
    EXPECT_THAT(sentence_of("allowlist:\n- example.com:443\n"),
                AllOf(HasSubstr("line 2"), HasSubstr("{address: example.com, port: 443}")));
}

TEST(AllowlistFile, RulesOfOneCidAndDenialsAreRead) {
    const auto allowlist = parse_allowlist(
                               "denylist:\n- {address: a.example, port: 443, cid: 16}\n"
                               "allowlist:\n- {address: \"*\", port: 443}\n"
                               "- {address: b.example, port: 80, cid: 17}\n",
                               "rules.yaml")
                               .value();
    const auto may = [&](const char* target, Cid asker) {
        return allowlist.may_look_up(parse_target(target).value(), asker).has_value();
    };
    EXPECT_FALSE(may("a.example:443", 16));
    EXPECT_TRUE(may("a.example:443", 17));
    EXPECT_TRUE(may("b.example:80", 17));
    EXPECT_FALSE(may("b.example:80", 16));
    EXPECT_THAT(
        sentence_of("allowlist:\n- {address: a.example, port: 1, cid: many}\n"),
        AllOf(HasSubstr("rules.yaml: line 2, column 38"), HasSubstr("\"many\" is not a CID")));
    EXPECT_THAT(sentence_of("denylist:\n- {address: a.example}\n"),
                AllOf(HasSubstr("line 2, column 3"), HasSubstr("no port")));
}

TEST(AllowlistFile, AStarWithoutQuotesIsExplained) {
    EXPECT_THAT(sentence_of("allowlist:\n- {address: *.example.com, port: 443}\n"),
                AllOf(HasSubstr("line 2"), HasSubstr("in quotes")));
    EXPECT_THAT(sentence_of("allowlist:\n- {address: example.com, port: *}\n"),
                AllOf(HasSubstr("line 2"), HasSubstr("in quotes")));
}

TEST(AllowlistFile, AnotherShapeIsRefusedWithAnExample) {
    EXPECT_THAT(sentence_of(""), HasSubstr("{address: example.com, port: 443}"));
    EXPECT_THAT(sentence_of("# only a comment\n"), HasSubstr("the file says nothing"));
    EXPECT_THAT(sentence_of("[a, b]"), HasSubstr("a map with the key allowlist"));
    EXPECT_THAT(sentence_of("allowlist:\n"), HasSubstr("a list of rules was expected"));
    EXPECT_THAT(sentence_of("allowlist: example.com"), HasSubstr("a list of rules was expected"));
    EXPECT_THAT(sentence_of("whitelist: []"), HasSubstr("rename"));
    EXPECT_THAT(sentence_of("allowlist: []\nblocklist: []"),
                HasSubstr("\"blocklist\" is not known"));
    EXPECT_THAT(sentence_of("{}"), HasSubstr("the key allowlist is missing"));
    EXPECT_THAT(sentence_of("allowlist: []\nallowlist: []"), HasSubstr("twice"));
    EXPECT_THAT(sentence_of("allowlist: []\n---\nallowlist: []"), HasSubstr("one document"));
    EXPECT_THAT(sentence_of("? [a]\n: b"), HasSubstr("is not known"));
    EXPECT_THAT(sentence_of("allowlist: ["), AllOf(HasSubstr("line 1"), HasSubstr("not YAML")));
    EXPECT_THAT(sentence_of("allowlist:\n\t- x"),
                AllOf(HasSubstr("line 2"), HasSubstr("with a tab")));
    EXPECT_THAT(sentence_of(std::string(100000, '[')),
                AllOf(HasSubstr("rules.yaml: line 1, column "), HasSubstr("64 levels")));
}

// yaml-cpp reads null documents for ever here, until memory ends.
TEST(AllowlistFile, ATokenThatBeginsNoDocumentIsRefused) {
    EXPECT_THAT(sentence_of(",\"{\t "), HasSubstr("rules.yaml"));
    EXPECT_THAT(sentence_of("allowlist: []\n]"), HasSubstr("line 2"));
}

// 200 bytes that stand for a billion rules.
TEST(AllowlistFile, AliasesCannotMultiplyWithoutBound) {
    std::string text = "allowlist:\n- &a {address: a.example, port: 1}\n";
    for (char name = 'b'; name <= 'j'; ++name)
        text += fmt::format("- &{0} [*{1}, *{1}, *{1}, *{1}, *{1}, *{1}, *{1}, *{1}]\n", name,
                            static_cast<char>(name - 1));
    EXPECT_THAT(sentence_of(text),
                AllOf(HasSubstr("rules.yaml: line 7"), HasSubstr("more than 100000 nodes")));
}

TEST(AllowlistFile, AnAliasWithinItsOwnAnchorIsNamed) {
    EXPECT_THAT(sentence_of("allowlist: &a\n- *a\n"), HasSubstr("an alias stands within"));
}

TEST(AllowlistFile, AnAliasedRuleIsRead) {
    EXPECT_THAT(rules_of("allowlist:\n- &a {address: a.example, port: &p 1}\n- *a\n"
                         "- {address: b.example, port: *p}\n"),
                testing::ElementsAre("a.example:1", "a.example:1", "b.example:1"));
}

TEST(AllowlistFile, ForeignNamesAreShownAsText) {
    EXPECT_THAT(sentence_of("\"\\u202e\": []"), HasSubstr("the key \"\\u{202e}\" is not known"));
    EXPECT_LT(sentence_of(std::string(100'000, 'k') + ": []").size(), 1000);
}

TEST(AllowlistFile, AFileThatCannotBeReadIsNamed) {
    EXPECT_THAT(read_allowlist("/nowhere/rules.yaml").error().message,
                AllOf(HasSubstr("/nowhere/rules.yaml"), HasSubstr("No such file")));
    EXPECT_FALSE(read_allowlist("/"));
}

TEST(AllowlistFile, AFileBeyondReasonIsRefusedUnread) {
    EXPECT_THAT(read_allowlist("/dev/zero").error().message,
                HasSubstr("/dev/zero has more than 1048576 bytes"));
}

}  // namespace
}  // namespace glovebox::core
