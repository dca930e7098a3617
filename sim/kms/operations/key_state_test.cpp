// SPDX-License-Identifier: Apache-2.0

// Which operation a key's state allows: the table of AWS's guide, "Key states of AWS KMS keys".
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "sim/kms/testing/in_memory_kms.h"

namespace glovebox::kms::testing {
namespace {

constexpr auto ok = "";
constexpr auto invalid_state = "KMSInvalidStateException";

struct StateCase {
    std::string operation;
    json::object input;
    std::string key_member = "KeyId";
    std::string enabled = ok;
    std::string disabled = ok;
    std::string pending = ok;
};

std::vector<StateCase> state_cases() {
    return {
        {"DescribeKey", {}},
        {"GetKeyPolicy", {{"PolicyName", "default"}}},
        {"PutKeyPolicy", {{"Policy", policy::default_key_policy("aws", InMemoryKms::account)}}},
        {"ListKeyPolicies", {}},
        {"ListAliases", {}},
        {"ListKeys", {}},
        {"DeleteAlias", {{"AliasName", "alias/app"}}},
        {"CreateAlias", {{"AliasName", "alias/new"}}, "TargetKeyId", ok, ok, invalid_state},
        {"UpdateAlias", {{"AliasName", "alias/other"}}, "TargetKeyId", ok, ok, invalid_state},
        {"ScheduleKeyDeletion", {}, "KeyId", ok, ok, invalid_state},
        {"EnableKey", {}, "KeyId", ok, ok, invalid_state},
        {"DisableKey", {}, "KeyId", ok, ok, invalid_state},
        {"CancelKeyDeletion", {}, "KeyId", invalid_state, invalid_state, ok},
        {"ListResourceTags", {}},
        {"TagResource",
         {{"Tags", json::array{json::object{{"TagKey", "a"}, {"TagValue", "b"}}}}},
         "KeyId",
         ok,
         ok,
         invalid_state},
        {"UntagResource", {{"TagKeys", json::array{"a"}}}, "KeyId", ok, ok, invalid_state},
        {"UpdateKeyDescription", {{"Description", "x"}}, "KeyId", ok, ok, invalid_state},
        {"EnableKeyRotation", {}, "KeyId", ok, "DisabledException", invalid_state},
        {"DisableKeyRotation", {}, "KeyId", ok, "DisabledException", invalid_state},
        {"RotateKeyOnDemand", {}, "KeyId", ok, "DisabledException", invalid_state},
        {"GetKeyRotationStatus", {}},
        {"ListKeyRotations", {}},
        {"CreateGrant",
         {{"GranteePrincipal", InMemoryKms::tester}, {"Operations", json::array{"Decrypt"}}},
         "KeyId",
         ok,
         "DisabledException",
         invalid_state},
        {"ListGrants", {}},
    };
}

// So that the key has something to wait for.
void add_replica(InMemoryKms& kms, const std::string& id) {
    Key replica = kms.keys->find(id).value().value();
    EXPECT_TRUE(kms.keys->add_in("eu-west-1", replica).value());
}

class KeyStateTable : public ::testing::TestWithParam<StateCase> {
  protected:
    std::string exception_in(KeyState state) {
        InMemoryKms kms;
        const std::string key = kms.create_key("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT");
        const std::string other = kms.create_key("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT");
        kms.ask("CreateAlias", {{"AliasName", "alias/app"}, {"TargetKeyId", key}});
        kms.ask("CreateAlias", {{"AliasName", "alias/other"}, {"TargetKeyId", other}});
        if (state == KeyState::pending_replica_deletion)
            add_replica(kms, key);
        const auto deletion = state == KeyState::pending_deletion
                                  ? std::optional(kms.clock.now() + std::chrono::hours(24))
                                  : std::nullopt;
        EXPECT_TRUE(kms.keys->set_state(key, state, deletion));
        json::object input = GetParam().input;
        input[GetParam().key_member] = key;
        return kms.ask(GetParam().operation, input).exception;
    }
};

void PrintTo(const StateCase& one, std::ostream* out) {
    *out << one.operation;
}

TEST_P(KeyStateTable, AllowsWhatTheGuideAllows) {
    EXPECT_EQ(exception_in(KeyState::enabled), GetParam().enabled);
    EXPECT_EQ(exception_in(KeyState::disabled), GetParam().disabled);
    EXPECT_EQ(exception_in(KeyState::pending_deletion), GetParam().pending);
    EXPECT_EQ(exception_in(KeyState::pending_replica_deletion), GetParam().pending);
}

INSTANTIATE_TEST_SUITE_P(Operations, KeyStateTable, ::testing::ValuesIn(state_cases()),
                         [](const auto& one) { return one.param.operation; });

TEST(KeyState, AKeyThatIsPendingDeletionGoesWhenItsTimeHasCome) {
    InMemoryKms kms;
    const std::string key = kms.create_key("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT");
    const Outcome scheduled =
        kms.ask("ScheduleKeyDeletion", {{"KeyId", key}, {"PendingWindowInDays", 7}});
    EXPECT_EQ(scheduled.text("KeyState"), "PendingDeletion");
    kms.clock.advance(std::chrono::hours(24 * 7) - std::chrono::seconds(1));
    EXPECT_EQ(kms.ask("DescribeKey", {{"KeyId", key}}).status, 200u);
    kms.clock.advance(std::chrono::seconds(1));
    EXPECT_EQ(kms.ask("DescribeKey", {{"KeyId", key}}).exception, "NotFoundException");
    EXPECT_TRUE(kms.ask("ListKeys", {}).output.at("Keys").as_array().empty());
}

TEST(KeyState, ACancelledDeletionLeavesTheKeyDisabled) {
    InMemoryKms kms;
    const std::string key = kms.create_key("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT");
    kms.ask("ScheduleKeyDeletion", {{"KeyId", key}});
    EXPECT_EQ(kms.ask("CancelKeyDeletion", {{"KeyId", key}}).status, 200u);
    const auto metadata = kms.ask("DescribeKey", {{"KeyId", key}}).output.at("KeyMetadata");
    EXPECT_EQ(metadata.at("KeyState"), "Disabled");
    EXPECT_FALSE(metadata.as_object().contains("DeletionDate"));
}

}  // namespace
}  // namespace glovebox::kms::testing
