// SPDX-License-Identifier: Apache-2.0

#include "sim/kms/policy/policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace glovebox::kms::policy {
namespace {

using ::testing::HasSubstr;

std::string refusal(std::string_view statements, PolicyKind kind = PolicyKind::key) {
    const auto policy = parse_policy(R"({"Statement": [)" + std::string(statements) + "]}", kind);
    return policy ? "" : policy.error().message;
}

TEST(Policy, NotPrincipalIsForDenyAlone) {
    EXPECT_THAT(refusal(R"({"Effect": "Allow", "NotPrincipal": {"AWS": "111122223333"},
                            "Action": "kms:*", "Resource": "*"})"),
                HasSubstr("NotPrincipal: AWS supports it with \"Effect\": \"Deny\" alone"));
    EXPECT_EQ(refusal(R"({"NotPrincipal": {"AWS": "111122223333"}, "Effect": "Deny",
                          "Action": "kms:*", "Resource": "*"})"),
              "");
}

TEST(Policy, ASidNamesOneStatement) {
    const std::string statement =
        R"({"Sid": "A", "Effect": "Deny", "Action": "kms:*", "Resource": "*"})";
    EXPECT_THAT(refusal(statement + "," + statement, PolicyKind::identity),
                HasSubstr("Statement IDs (SID) in a single policy must be unique. (statements 1 "
                          "and 2 have the Sid \"A\")"));
    EXPECT_EQ(refusal(R"({"Sid": "", "Effect": "Deny"}, {"Sid": "", "Effect": "Deny"},
                         {"Effect": "Deny"})",
                      PolicyKind::identity),
              "");
}

// Escape begins what a terminal takes for a command.
TEST(Policy, ARefusalShowsForeignTextAsText) {
    for (const char* statement :
         {R"({"\u001b[2J": 1})", R"({"Principal": "\u001b[2J"})",
          R"({"Principal": {"\u001b[2J": "*"}})", R"({"Principal": {"\u001b[2J": 1}})",
          R"({"Principal": {"AWS": "\u001b[2J"}})", R"({"Condition": {"\u001b[2J": {}}})",
          R"({"Condition": {"StringEquals": {"\u001b[2J": {}}}})",
          R"({"Sid": "\u001b[2J", "Effect": "Deny", "Principal": "*"},
             {"Sid": "\u001b[2J", "Effect": "Deny", "Principal": "*"})"})
        EXPECT_THAT(refusal(statement), HasSubstr(R"(\x1b[2J)")) << statement;
    EXPECT_EQ(parse_policy(R"({"\u001b[2J": 1})", PolicyKind::key).error().message,
              R"(Version, Id or Statement was expected, found "\x1b[2J")");
}

}  // namespace
}  // namespace glovebox::kms::policy
