// SPDX-License-Identifier: Apache-2.0

// Multi-Region keys: made, and with imported material.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/testing/temporary_directory.h"
#include "sim/kms/testing/in_memory_kms.h"

namespace glovebox::kms::testing {
namespace {

using ::testing::HasSubstr;

TEST(Replicas, AreFoundByTheKmsOfTheirRegion) {
    InMemoryKms kms;
    const json::object primary =
        kms.ask("CreateKey", {{"MultiRegion", true}}).output.at("KeyMetadata").as_object();
    const std::string id(primary.at("KeyId").as_string());
    const Outcome made = kms.ask(
        "ReplicateKey", {{"KeyId", id}, {"ReplicaRegion", "eu-west-1"}, {"Description", "there"}});
    ASSERT_EQ(made.exception, "") << made.message;
    const json::object& replica = made.output.at("ReplicaKeyMetadata").as_object();
    EXPECT_EQ(replica.at("Arn"), json::string("arn:aws:kms:eu-west-1:111122223333:key/" + id));
    EXPECT_EQ(replica.at("MultiRegionConfiguration").at("MultiRegionKeyType"), "REPLICA");
    EXPECT_EQ(replica.at("CurrentKeyMaterialId"), primary.at("CurrentKeyMaterialId"));
    const auto configuration = kms.ask("DescribeKey", {{"KeyId", id}})
                                   .output.at("KeyMetadata")
                                   .at("MultiRegionConfiguration");
    EXPECT_EQ(configuration.at("ReplicaKeys").as_array().size(), 1u);
    EXPECT_EQ(kms.ask("ReplicateKey", {{"KeyId", id}, {"ReplicaRegion", "eu-west-1"}}).exception,
              "AlreadyExistsException");
    EXPECT_EQ(kms.ask("ReplicateKey", {{"KeyId", id}, {"ReplicaRegion", "cn-north-1"}}).exception,
              "ValidationException");
    EXPECT_EQ(
        kms.ask("UpdatePrimaryRegion", {{"KeyId", id}, {"PrimaryRegion", "eu-west-1"}}).exception,
        "UnsupportedOperationException");
    const std::string single = kms.create_key("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT");
    EXPECT_EQ(
        kms.ask("ReplicateKey", {{"KeyId", single}, {"ReplicaRegion", "eu-west-1"}}).exception,
        "UnsupportedOperationException");
    EXPECT_EQ(kms.ask("ScheduleKeyDeletion", {{"KeyId", id}}).text("KeyState"),
              "PendingReplicaDeletion");
    EXPECT_EQ(kms.ask("CancelKeyDeletion", {{"KeyId", id}}).exception, "");
}

// A primary key with material, and a replica of it, each in the KMS of its Region.
class ImportedReplicas : public ::testing::Test {
  protected:
    ImportedReplicas() {
        EXPECT_EQ(here_.import(key_, first_).exception, "");
        const Outcome made =
            here_.ask("ReplicateKey", {{"KeyId", key_}, {"ReplicaRegion", "eu-west-1"}});
        EXPECT_EQ(made.exception, "") << made.message;
        EXPECT_EQ(state_there(), "PendingImport");
    }

    [[nodiscard]] InMemoryKms kms_of(const std::string& region) const {
        return InMemoryKms(iam::parse_principal(InMemoryKms::tester).value(), {},
                           folder_ / "keys.db", region);
    }
    [[nodiscard]] std::string state_there() {
        return std::string(there_.ask("DescribeKey", {{"KeyId", key_}})
                               .output.at("KeyMetadata")
                               .at("KeyState")
                               .as_string());
    }
    // The state of the material that was added last, and whether it is imported.
    [[nodiscard]] std::string last_of(InMemoryKms& kms) const {
        const json::array list =
            kms.ask("ListKeyRotations",
                    {{"KeyId", key_}, {"IncludeKeyMaterial", "ALL_KEY_MATERIAL"}})
                .output.at("Rotations")
                .as_array();
        return fmt::format("{} {}", std::string(list.back().at("KeyMaterialState").as_string()),
                           std::string(list.back().at("ImportState").as_string()));
    }
    [[nodiscard]] std::string encrypted(InMemoryKms& kms) const {
        return kms.ask("Encrypt", {{"KeyId", key_}, {"Plaintext", "AAAA"}}).text("CiphertextBlob");
    }
    [[nodiscard]] static std::string decrypted(InMemoryKms& kms, const std::string& blob) {
        const Outcome outcome = kms.ask("Decrypt", {{"CiphertextBlob", blob}});
        return outcome.exception + outcome.text("Plaintext");
    }

    TemporaryDirectory folder_;
    InMemoryKms here_ = kms_of("us-east-1");
    InMemoryKms there_ = kms_of("eu-west-1");
    std::string key_{here_.ask("CreateKey", {{"Origin", "EXTERNAL"}, {"MultiRegion", true}})
                         .output.at("KeyMetadata")
                         .at("KeyId")
                         .as_string()};
    Bytes first_ = Bytes(32, 7);
    Bytes second_ = Bytes(32, 9);
    json::object as_new_{{"ImportType", "NEW_KEY_MATERIAL"}};
    json::object as_existing_{{"ImportType", "EXISTING_KEY_MATERIAL"}};
};

TEST_F(ImportedReplicas, TakeTheMaterialOfThePrimaryKeyAlone) {
    for (const json::object& how : {json::object{}, as_existing_}) {
        const Outcome refused = there_.import(key_, second_, how);
        EXPECT_EQ(refused.exception, "IncorrectKeyMaterialException");
        EXPECT_THAT(refused.explanation, HasSubstr(here_.arn(key_)));
    }
    EXPECT_EQ(there_.import(key_, second_, as_new_).exception, "UnsupportedOperationException");
    EXPECT_EQ(state_there(), "PendingImport");
    const Outcome taken = there_.import(key_, first_, as_existing_);
    EXPECT_EQ(taken.exception, "") << taken.message << taken.explanation;
    EXPECT_EQ(state_there(), "Enabled");
    EXPECT_EQ(decrypted(there_, encrypted(here_)), "AAAA");
}

TEST_F(ImportedReplicas, TakeItWithoutATypeToo) {
    EXPECT_EQ(there_.import(key_, first_).exception, "");
    EXPECT_EQ(decrypted(here_, encrypted(there_)), "AAAA");
    // What one of them loses, the other one keeps.
    EXPECT_EQ(here_.ask("DeleteImportedKeyMaterial", {{"KeyId", key_}}).exception, "");
    EXPECT_EQ(state_there(), "Enabled");
    EXPECT_EQ(there_.ask("DeleteImportedKeyMaterial", {{"KeyId", key_}}).exception, "");
    EXPECT_EQ(there_.import(key_, first_).exception, "");
}

TEST_F(ImportedReplicas, ImportBeforeThePrimaryKeyRotates) {
    EXPECT_EQ(there_.import(key_, first_).exception, "");
    const std::string old_blob = encrypted(there_);
    EXPECT_EQ(here_.import(key_, second_, as_new_).exception, "");
    EXPECT_EQ(last_of(here_), "PENDING_MULTI_REGION_IMPORT_AND_ROTATION IMPORTED");
    EXPECT_EQ(last_of(there_), "PENDING_ROTATION PENDING_IMPORT");
    const Outcome refused = here_.ask("RotateKeyOnDemand", {{"KeyId", key_}});
    EXPECT_EQ(refused.exception, "KMSInvalidStateException");
    EXPECT_THAT(refused.message, HasSubstr("PENDING_MULTI_REGION_IMPORT_AND_ROTATION"));
    EXPECT_EQ(there_.import(key_, second_, as_existing_).exception, "");
    EXPECT_EQ(last_of(here_), "PENDING_ROTATION IMPORTED");
    EXPECT_EQ(here_.ask("RotateKeyOnDemand", {{"KeyId", key_}}).exception, "");
    EXPECT_EQ(last_of(here_), "CURRENT IMPORTED");
    EXPECT_EQ(last_of(there_), "CURRENT IMPORTED");
    EXPECT_EQ(decrypted(there_, encrypted(here_)), "AAAA");
    EXPECT_EQ(decrypted(here_, old_blob), "AAAA");
}

TEST_F(ImportedReplicas, LoseMaterialThatThePrimaryKeyNoLongerWaitsFor) {
    EXPECT_EQ(there_.import(key_, first_).exception, "");
    const Outcome added = here_.import(key_, second_, as_new_);
    EXPECT_EQ(there_.import(key_, second_).exception, "");
    EXPECT_EQ(here_
                  .ask("DeleteImportedKeyMaterial",
                       {{"KeyId", key_}, {"KeyMaterialId", added.text("KeyMaterialId")}})
                  .exception,
              "");
    EXPECT_EQ(last_of(there_), "PENDING_ROTATION PENDING_IMPORT");
    EXPECT_EQ(state_there(), "Enabled");
}

// One that is made after a rotation needs all the material that a ciphertext may have.
TEST_F(ImportedReplicas, NeedFormerMaterialAsWell) {
    EXPECT_EQ(there_.import(key_, first_).exception, "");
    EXPECT_EQ(here_.import(key_, second_, as_new_).exception, "");
    EXPECT_EQ(there_.import(key_, second_).exception, "");
    EXPECT_EQ(here_.ask("RotateKeyOnDemand", {{"KeyId", key_}}).exception, "");
    EXPECT_EQ(
        here_.ask("ReplicateKey", {{"KeyId", key_}, {"ReplicaRegion", "eu-north-1"}}).exception,
        "");
    InMemoryKms third = kms_of("eu-north-1");
    const auto state = [&] {
        return third.ask("DescribeKey", {{"KeyId", key_}}).output.at("KeyMetadata").at("KeyState");
    };
    EXPECT_EQ(third.import(key_, second_).exception, "");
    EXPECT_EQ(state(), "PendingImport");
    EXPECT_EQ(third.import(key_, first_).exception, "");
    EXPECT_EQ(state(), "Enabled");
    EXPECT_EQ(last_of(third), "CURRENT IMPORTED");
}

}  // namespace
}  // namespace glovebox::kms::testing
