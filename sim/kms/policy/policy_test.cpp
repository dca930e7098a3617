// SPDX-License-Identifier: Apache-2.0

#include "sim/kms/policy/policy.h"

#include <fmt/core.h>
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
    const std::string without = R"("Effect": "Deny", "Action": "kms:*", "Resource": "*"})";
    EXPECT_EQ(refusal(R"({"Sid": "", )" + without + R"(, {"Sid": "", )" + without + ", {" + without,
                      PolicyKind::identity),
              "");
}

// AWS's notice to its customers of May 2025, and the guide: elements in a key policy.
TEST(Policy, AStatementHasAllItsElements) {
    const std::string begin = R"({"Effect": "Deny", "Principal": "*")";
    EXPECT_EQ(refusal(begin + R"(, "NotAction": "kms:*", "Resource": "*"})"), "");
    EXPECT_EQ(refusal(begin + R"(, "Resource": "*"})"), "Statement 1: it lacks Action");
    EXPECT_EQ(refusal(begin + R"(, "Action": "kms:*"})"), "Statement 1: it lacks Resource");
    EXPECT_EQ(refusal(begin + R"(, "Action": [], "Resource": "*"})"),
              "Statement 1: Action: the list is empty");
    EXPECT_EQ(refusal(R"({"Effect": "Deny", "Principal": {"AWS": []}})"),
              "Statement 1: Principal: AWS: the list is empty");
    EXPECT_EQ(refusal(""), "Statement: the list is empty");
    EXPECT_EQ(refusal("", PolicyKind::identity), "Statement: the list is empty");
}

TEST(Policy, APrincipalIsOneThatAPolicyCanName) {
    const auto naming = [](std::string_view kind, std::string_view name) {
        return refusal(fmt::format(R"({{"Effect": "Deny", "Principal": {{"{}": "{}"}},
                                        "Action": "kms:*", "Resource": "*"}})",
                                   kind, name));
    };
    for (const auto* arn :
         {"arn:aws:iam::111122223333:root", "arn:aws:iam::111122223333:user/a/b",
          "arn:aws:iam::111122223333:role/r", "arn:aws:sts::111122223333:assumed-role/r/s",
          "arn:aws:sts::111122223333:federated-user/f"})
        EXPECT_EQ(naming("AWS", arn), "");
    for (const auto* arn :
         {"arn:aws:iam::111122223333:group/admins", "arn:aws:iam::111122223333:policy/p",
          "arn:aws:iam::111122223333:alice", "arn:aws:sts::111122223333:role/r",
          "arn:aws:iam::111122223333:user/", "arn:aws:iam:us-east-1:111122223333:user/a",
          "arn:aws:sts::111122223333:assumed-role/r"})
        EXPECT_THAT(naming("AWS", arn), HasSubstr("with one or more invalid principals")) << arn;
    for (const auto* name : {"ec2.amazonaws.com", "logs.cn-north-1.amazonaws.com.cn",
                             "alexa-appkit.amazon.com", "ec2.c2s.ic.gov"})
        EXPECT_EQ(naming("Service", name), "");
    for (const auto* name : {"*", "ec2", "not a service", "a b.amazonaws.com", ".amazonaws.com"})
        EXPECT_THAT(naming("Service", name), HasSubstr("one or more invalid service principals"))
            << name;
}

// What IAM says of them: MalformedPolicyDocument.
TEST(Policy, OfAUserOrRoleHasIamsRulesToo) {
    const auto with = [](std::string_view sid, std::string_view action, std::string_view resource) {
        const std::string statement =
            fmt::format(R"({{"Sid": "{}", "Effect": "Allow", "Action": "{}", "Resource": "{}")",
                        sid, action, resource);
        EXPECT_EQ(refusal(statement + R"(, "Principal": "*"})"), "");
        return refusal(statement + "}", PolicyKind::identity);
    };
    EXPECT_EQ(with("Enclave1", "kms:Decrypt", "arn:aws:kms:*:111122223333:key/*"), "");
    EXPECT_EQ(with("", "*", "*"), "");
    EXPECT_THAT(with("with spaces", "*", "*"), HasSubstr("Sid \"with spaces\": "));
    EXPECT_THAT(with("", "Decrypt", "*"), HasSubstr("Action \"Decrypt\": a service and its"));
    EXPECT_THAT(with("", "kms:a:b", "*"), HasSubstr("Action \"kms:a:b\": a service and its"));
    EXPECT_THAT(with("", "*", "key/1"), HasSubstr("Resource \"key/1\": an ARN or \"*\""));
}

// Escape begins what a terminal takes for a command.
TEST(Policy, ARefusalShowsForeignTextAsText) {
    for (const char* statement :
         {R"({"\u001b[2J": 1})", R"({"Principal": "\u001b[2J"})",
          R"({"Principal": {"\u001b[2J": "*"}})", R"({"Principal": {"\u001b[2J": 1}})",
          R"({"Principal": {"AWS": "\u001b[2J"}})", R"({"Condition": {"\u001b[2J": {}}})",
          R"({"Condition": {"StringEquals": {"\u001b[2J": {}}}})",
          R"({"Sid": "\u001b[2J", "Effect": "Deny", "Principal": "*", "Action": "*",
              "Resource": "*"}, {"Sid": "\u001b[2J", "Effect": "Deny", "Principal": "*",
              "Action": "*", "Resource": "*"})",
          R"({"Effect": "Deny", "Principal": {"Service": "\u001b[2J"}})"})
        EXPECT_THAT(refusal(statement), HasSubstr(R"(\x1b[2J)")) << statement;
    EXPECT_EQ(parse_policy(R"({"\u001b[2J": 1})", PolicyKind::key).error().message,
              R"(Version, Id or Statement was expected, found "\x1b[2J")");
}

}  // namespace
}  // namespace glovebox::kms::policy
