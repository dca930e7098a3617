// SPDX-License-Identifier: Apache-2.0

// New key policies: whom they may name.
#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/kms/testing/in_memory_kms.h"

namespace glovebox::kms::testing {
namespace {

using ::testing::HasSubstr;

class NewPolicies : public ::testing::Test {
  protected:
    NewPolicies() {
        kms_.directory.require_entries();
        kms_.directory.add_entity(InMemoryKms::tester);
        kms_.directory.add_entity("arn:aws:iam::111122223333:role/ops/parent");
        EXPECT_TRUE(kms_.directory.add_policy(InMemoryKms::tester, "All", R"({"Statement": [
            {"Effect": "Allow", "Action": "kms:*", "Resource": "*"}]})"));
    }

    // A policy that lets everybody in the account go on, and names one more.
    static std::string naming(std::string_view principal) {
        return fmt::format(R"({{"Statement": [
            {{"Effect": "Allow", "Principal": {{"AWS": "111122223333"}}, "Action": "kms:*",
              "Resource": "*"}},
            {{"Sid": "More", "Effect": "Allow", "Principal": {{"AWS": "{}"}},
              "Action": "kms:Encrypt", "Resource": "*"}}]}})",
                           principal);
    }

    InMemoryKms kms_;
};

TEST_F(NewPolicies, NameOnlyPrincipalsThatExist) {
    for (const auto* principal :
         {InMemoryKms::tester, "arn:aws:iam::111122223333:root", "*",
          "arn:aws:iam::111122223333:role/ops/parent", "arn:aws:iam::444455556666:role/any",
          "arn:aws:sts::111122223333:assumed-role/parent/i-0123"})
        EXPECT_EQ(kms_.ask("CreateKey", {{"Policy", naming(principal)}}).exception, "")
            << principal;
    const std::string key = kms_.create_key("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT");
    for (const auto* principal :
         {"arn:aws:iam::111122223333:user/nobody", "arn:aws:iam::111122223333:role/parent",
          "arn:aws:sts::111122223333:assumed-role/other/i-0123"})
        for (const auto& outcome :
             {kms_.ask("CreateKey", {{"Policy", naming(principal)}}),
              kms_.ask("PutKeyPolicy", {{"KeyId", key}, {"Policy", naming(principal)}})}) {
            EXPECT_EQ(outcome.exception, "MalformedPolicyDocumentException") << principal;
            EXPECT_EQ(outcome.message,
                      "Policy contains a statement with one or more invalid principals.");
            EXPECT_THAT(outcome.explanation,
                        HasSubstr(fmt::format("statement \"More\" names {}", principal)));
        }
}

TEST(Policies, HaveEachKeyOnceInAnElement) {
    InMemoryKms kms;
    const std::string statement =
        fmt::format(R"({{"Effect": "Allow", "Action": "kms:*", "Resource": "*",)"
                    R"( "Principal": {{"AWS": "{}"}}}})",
                    InMemoryKms::tester);
    const auto outcome = kms.ask(
        "CreateKey",
        {{"Policy", fmt::format("{{\"Statement\": [{}],\n  \"Statement\": []}}", statement)}});
    EXPECT_EQ(outcome.exception, "MalformedPolicyDocumentException");
    EXPECT_THAT(outcome.message + outcome.explanation, HasSubstr("line 2, column 13"));
}

TEST(Policies, HaveTheLengthLimitOfAws) {
    InMemoryKms kms;
    const std::string key = kms.create_key("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT");
    const std::string policy = fmt::format(
        R"({{"Version": "2012-10-17", "Statement": [{{"Effect": "Allow", "Action": "kms:*",
            "Principal": {{"AWS": "{}"}}, "Resource": "*"}}]}})",
        InMemoryKms::tester);
    const auto put = [&](std::size_t length) {
        const std::string padded = policy + std::string(length - policy.size(), ' ');
        return kms.ask("PutKeyPolicy", {{"KeyId", key}, {"Policy", padded}}).exception;
    };
    EXPECT_EQ(put(32 * 1024), "");
    EXPECT_EQ(put(32 * 1024 + 1), "LimitExceededException");
}

TEST(Policies, AKeyThatIsMadeWithTagsNeedsTagResourceToo) {
    const json::array tags{json::object{{"TagKey", "a"}, {"TagValue", "b"}}};
    for (const bool may_tag : {false, true}) {
        InMemoryKms kms;
        kms.directory.require_entries();
        kms.directory.add_entity(InMemoryKms::tester);
        EXPECT_TRUE(kms.directory.add_policy(
            InMemoryKms::tester, "Maker",
            R"({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Resource": "*",
                "Action": ["kms:CreateKey", "kms:ReplicateKey"]}]})"));
        if (may_tag) {
            EXPECT_TRUE(kms.directory.add_policy(
                InMemoryKms::tester, "Tagger",
                R"({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Resource": "*",
                    "Action": "kms:TagResource",
                    "Condition": {"StringEquals": {"aws:RequestTag/a": "b"}}}]})"));
        }
        const std::string expected = may_tag ? "" : "AccessDeniedException";
        const Outcome made = kms.ask("CreateKey", {{"Tags", tags}});
        EXPECT_EQ(made.exception, expected) << made.explanation;
        if (!may_tag) {
            EXPECT_THAT(made.message, ::testing::HasSubstr("kms:TagResource"));
        }
        const Outcome primary = kms.ask("CreateKey", {{"MultiRegion", true}});
        ASSERT_EQ(primary.exception, "") << primary.explanation;
        const auto& id = primary.output.at("KeyMetadata").at("KeyId");
        const Outcome replica = kms.ask(
            "ReplicateKey", {{"KeyId", id}, {"ReplicaRegion", "eu-west-1"}, {"Tags", tags}});
        EXPECT_EQ(replica.exception, expected) << replica.explanation;
    }
}

}  // namespace
}  // namespace glovebox::kms::testing
