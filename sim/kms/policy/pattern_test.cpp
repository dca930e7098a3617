// SPDX-License-Identifier: Apache-2.0

#include "sim/kms/policy/pattern.h"

#include <gtest/gtest.h>

#include <string>

#include "sim/kms/policy/condition.h"

namespace glovebox::kms::policy {
namespace {

TEST(Wildcards, MatchRunsAndSingleCharacters) {
    EXPECT_TRUE(wildcard_match("kms:*", "kms:Decrypt"));
    EXPECT_TRUE(wildcard_match("kms:Gen*Key", "kms:GenerateDataKey"));
    EXPECT_TRUE(wildcard_match("a?c", "abc"));
    EXPECT_TRUE(wildcard_match("*", ""));
    EXPECT_FALSE(wildcard_match("a?c", "ac"));
    EXPECT_FALSE(wildcard_match("kms:Decrypt", "kms:decrypt"));
    EXPECT_TRUE(wildcard_match_ignoring_case("kms:Decrypt", "KMS:decrypt"));
    EXPECT_FALSE(wildcard_match("", "x"));
}

TEST(Wildcards, ManyOfThemEndInTime) {
    std::string pattern;
    for (int i = 0; i < 200; ++i)
        pattern += "*a";
    EXPECT_FALSE(wildcard_match(pattern, std::string(5000, 'a') + "b"));
}

TEST(ArnWildcards, StayInTheirPart) {
    const std::string arn = "arn:aws:kms:us-east-1:111122223333:key/1234";
    EXPECT_TRUE(arn_match("arn:aws:kms:*:111122223333:key/*", arn));
    EXPECT_TRUE(arn_match("arn:aws:kms:us-east-?:*:key/1234", arn));
    EXPECT_FALSE(arn_match("arn:aws:*:key/1234", arn));
    EXPECT_FALSE(arn_match("arn:aws:kms:us-east-1:111122223333:alias/*", arn));
    EXPECT_TRUE(arn_match("*", "no arn"));
    EXPECT_FALSE(arn_match("arn:*", "no arn"));
}

TEST(Pattern, AWildcardInAVariableStandsForItself) {
    const auto filled = [](std::string_view text) { return fill_in_variables(text, {}).value(); };
    EXPECT_TRUE(wildcard_match(filled("a${*}"), "a*"));
    EXPECT_FALSE(wildcard_match(filled("a${*}"), "abc"));
    EXPECT_FALSE(wildcard_match(filled("a${*}"), "a"));
    EXPECT_TRUE(wildcard_match(filled("a${?}*"), "a?bc"));
    EXPECT_FALSE(wildcard_match(filled("a${?}*"), "abc"));
    EXPECT_TRUE(wildcard_match(filled("*${$}{x}"), "abc${x}"));
    EXPECT_TRUE(arn_match(filled("arn:aws:s3:::b/${*}/*"), "arn:aws:s3:::b/*/c"));
    EXPECT_FALSE(arn_match(filled("arn:aws:s3:::b/${*}/*"), "arn:aws:s3:::b/a/c"));
    EXPECT_FALSE(arn_match(filled("${*}"), "arn:aws:s3:::b"));
    EXPECT_TRUE(arn_match(filled("*"), "arn:aws:s3:::b"));
}

}  // namespace
}  // namespace glovebox::kms::policy
