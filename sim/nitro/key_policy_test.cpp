// SPDX-License-Identifier: Apache-2.0

#include "sim/nitro/key_policy.h"

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/bytes.h"

namespace glovebox::nitro {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using State = Finding::State;

const std::string role = "arn:aws:iam::111122223333:role/parent";

AttestedEnclave enclave(const char* label, std::uint8_t pcr0, bool debug = false) {
    AttestedEnclave one{label, {}, debug};
    one.pcrs.pcr0.fill(pcr0);
    return one;
}

KeyPolicy policy(const std::string& pcr0) {
    return {"alias/app", "the scene's policy",
            fmt::format(R"({{"Version": "2012-10-17", "Statement": [{{"Sid": "S", "Effect": "Allow",
            "Principal": {{"AWS": "{}"}}, "Action": "kms:Decrypt", "Resource": "*", "Condition":
            {{"StringEqualsIgnoreCase": {{"kms:RecipientAttestation:PCR0": "{}"}}}}}}]}})",
                        role, pcr0)};
}

std::string value(std::uint8_t byte) {
    Pcr pcr{};
    pcr.fill(byte);
    return to_hex(pcr);
}

TEST(KeyPolicies, ThatLetAnEnclaveOfTheWorldInAreNoFinding) {
    EXPECT_THAT(
        judge_key_policies({policy(value(7))}, {enclave("other", 1), enclave("app", 7)}, {}, role),
        ElementsAre());
}

TEST(KeyPolicies, ThatRefuseEveryEnclaveAreToldWithBothValues) {
    const auto found = judge_key_policies({policy(value(9))}, {enclave("app", 7)}, {}, role);
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].state, State::no);
    EXPECT_EQ(found[0].subject, "alias/app");
    EXPECT_EQ(found[0].consequence,
              "the scene's policy refuses kms:Decrypt to enclave app: statement \"S\" expects "
              "kms:RecipientAttestation:PCR0 " +
                  value(9) + ", and the enclave has " + value(7));
    EXPECT_THAT(found[0].remedy, HasSubstr("PCR0=" + value(7)));
}

TEST(KeyPolicies, RefuseTheZerosOfDebugMode) {
    const auto found = judge_key_policies({policy(value(7))}, {enclave("app", 7, true)}, {}, role);
    ASSERT_EQ(found.size(), 2U);
    EXPECT_THAT(found[0].consequence, HasSubstr("the enclave has " + value(0)));
    EXPECT_THAT(found[0].remedy, HasSubstr("debug: true"));
    EXPECT_EQ(found[1].state, State::limited);
}

TEST(KeyPolicies, WithoutConditionsOnPcrsAreAWSsToDecide) {
    KeyPolicy open{"alias/app", "AWS's policy",
                   R"({"Statement": [{"Effect": "Allow", "Principal": {"AWS": "111122223333"},
                   "Action": "kms:*", "Resource": "*"}]})"};
    EXPECT_THAT(judge_key_policies({open}, {enclave("app", 7)}, {}, role), ElementsAre());
}

TEST(KeyPolicies, CannotBeJudgedWithoutARole) {
    const auto found = judge_key_policies({policy(value(7))}, {enclave("app", 7)}, {}, "");
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].state, State::limited);
    EXPECT_THAT(found[0].consequence, HasSubstr("role_arn"));
}

}  // namespace
}  // namespace glovebox::nitro
