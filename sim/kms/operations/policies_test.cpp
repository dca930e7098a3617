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

}  // namespace
}  // namespace glovebox::kms::testing
