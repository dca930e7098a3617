// SPDX-License-Identifier: Apache-2.0

// Every operation of the API's model is answered by name: 46 are emulated, and the others say that
// they are not.
#include "sim/kms/operations/table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/kms/testing/in_memory_kms.h"

namespace glovebox::kms::testing {
namespace {

using ::testing::HasSubstr;

// client-kms 3.1164.0.
constexpr const char* model[] = {"CancelKeyDeletion",
                                 "ConnectCustomKeyStore",
                                 "CreateAlias",
                                 "CreateCustomKeyStore",
                                 "CreateGrant",
                                 "CreateKey",
                                 "Decapsulate",
                                 "Decrypt",
                                 "DeleteAlias",
                                 "DeleteCustomKeyStore",
                                 "DeleteImportedKeyMaterial",
                                 "DeriveSharedSecret",
                                 "DescribeCustomKeyStores",
                                 "DescribeKey",
                                 "DisableKey",
                                 "DisableKeyRotation",
                                 "DisconnectCustomKeyStore",
                                 "EnableKey",
                                 "EnableKeyRotation",
                                 "Encapsulate",
                                 "Encrypt",
                                 "GenerateDataKey",
                                 "GenerateDataKeyPair",
                                 "GenerateDataKeyPairWithoutPlaintext",
                                 "GenerateDataKeyWithoutPlaintext",
                                 "GenerateMac",
                                 "GenerateRandom",
                                 "GetKeyLastUsage",
                                 "GetKeyPolicy",
                                 "GetKeyRotationStatus",
                                 "GetParametersForImport",
                                 "GetPublicKey",
                                 "ImportKeyMaterial",
                                 "ListAliases",
                                 "ListGrants",
                                 "ListKeyPolicies",
                                 "ListKeyRotations",
                                 "ListKeys",
                                 "ListResourceTags",
                                 "ListRetirableGrants",
                                 "PutKeyPolicy",
                                 "ReEncrypt",
                                 "ReplicateKey",
                                 "RetireGrant",
                                 "RevokeGrant",
                                 "RotateKeyOnDemand",
                                 "ScheduleKeyDeletion",
                                 "Sign",
                                 "TagResource",
                                 "UntagResource",
                                 "UpdateAlias",
                                 "UpdateCustomKeyStore",
                                 "UpdateKeyDescription",
                                 "UpdatePrimaryRegion",
                                 "Verify",
                                 "VerifyMac"};

TEST(Operations, OfTheModelAreAllAnswered) {
    InMemoryKms kms;
    std::size_t emulated = 0;
    for (const char* name : model) {
        const Outcome outcome = kms.ask(name, {});
        EXPECT_NE(outcome.exception, "UnknownOperationException") << name;
        if (outcome.message != std::string(name) + " is not emulated by Glovebox.") {
            ++emulated;
            continue;
        }
        EXPECT_EQ(outcome.exception, "UnsupportedOperationException");
        EXPECT_THAT(outcome.explanation, HasSubstr("is an operation of AWS KMS"));
    }
    EXPECT_EQ(std::size(model), 56u);
    EXPECT_EQ(emulated, 46u);
    EXPECT_EQ(kms.ask("Nonsense", {}).exception, "UnknownOperationException");
}

}  // namespace
}  // namespace glovebox::kms::testing
