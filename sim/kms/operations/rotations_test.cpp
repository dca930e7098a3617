// SPDX-License-Identifier: Apache-2.0

// Rotation: a key's material changes, and what former material encrypted is still decrypted.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/kms/testing/in_memory_kms.h"

namespace glovebox::kms::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

class Rotations : public ::testing::Test {
  protected:
    [[nodiscard]] std::string encrypted(std::string_view text) {
        return kms_.ask("Encrypt", {{"KeyId", key_}, {"Plaintext", base64(text)}})
            .text("CiphertextBlob");
    }
    [[nodiscard]] Outcome decrypted(const std::string& blob) {
        return kms_.ask("Decrypt", {{"CiphertextBlob", blob}});
    }
    [[nodiscard]] json::array rotations(std::string_view include = "ROTATIONS_ONLY") {
        return kms_.ask("ListKeyRotations", {{"KeyId", key_}, {"IncludeKeyMaterial", include}})
            .output.at("Rotations")
            .as_array();
    }
    [[nodiscard]] std::string current() {
        return std::string(kms_.ask("DescribeKey", {{"KeyId", key_}})
                               .output.at("KeyMetadata")
                               .at("CurrentKeyMaterialId")
                               .as_string());
    }

    InMemoryKms kms_;
    std::string key_ = kms_.create_key("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT");
};

TEST_F(Rotations, OldCiphertextsOpenAndNewOnesHaveTheNewMaterial) {
    const std::string first = current();
    const std::string old_blob = encrypted("old");
    const Outcome rotated = kms_.ask("RotateKeyOnDemand", {{"KeyId", key_}});
    EXPECT_EQ(rotated.text("KeyId"), key_);
    EXPECT_NE(current(), first);
    const Outcome old_one = decrypted(old_blob);
    EXPECT_EQ(old_one.text("Plaintext"), base64("old"));
    EXPECT_EQ(old_one.text("KeyMaterialId"), first);
    const Outcome new_one = decrypted(encrypted("new"));
    EXPECT_EQ(new_one.text("Plaintext"), base64("new"));
    EXPECT_EQ(new_one.text("KeyMaterialId"), current());
    const Outcome moved =
        kms_.ask("ReEncrypt", {{"CiphertextBlob", old_blob}, {"DestinationKeyId", key_}});
    EXPECT_EQ(moved.text("SourceKeyMaterialId"), first);
    EXPECT_EQ(moved.text("DestinationKeyMaterialId"), current());
}

TEST_F(Rotations, AreListedWithTheirTypeAndDate) {
    EXPECT_TRUE(rotations().empty());
    ASSERT_EQ(rotations("ALL_KEY_MATERIAL").size(), 1u);
    EXPECT_EQ(rotations("ALL_KEY_MATERIAL").at(0).at("KeyMaterialState"), "CURRENT");
    kms_.ask("RotateKeyOnDemand", {{"KeyId", key_}});
    ASSERT_EQ(rotations().size(), 1u);
    EXPECT_EQ(rotations().at(0).at("RotationType"), "ON_DEMAND");
    EXPECT_EQ(rotations().at(0).at("KeyMaterialId"), json::string(current()));
    EXPECT_EQ(rotations("ALL_KEY_MATERIAL").at(0).at("KeyMaterialState"), "NON_CURRENT");
    const Outcome page =
        kms_.ask("ListKeyRotations",
                 {{"KeyId", key_}, {"IncludeKeyMaterial", "ALL_KEY_MATERIAL"}, {"Limit", 1}});
    EXPECT_EQ(page.output.at("Truncated"), true);
    const Outcome rest = kms_.ask("ListKeyRotations", {{"KeyId", key_},
                                                       {"IncludeKeyMaterial", "ALL_KEY_MATERIAL"},
                                                       {"Marker", page.text("NextMarker")}});
    EXPECT_EQ(rest.output.at("Rotations").as_array().size(), 1u);
}

TEST_F(Rotations, ByTheScheduleHappenWhenTheirTimeHasCome) {
    const std::string blob = encrypted("old");
    const auto status = [&] { return kms_.ask("GetKeyRotationStatus", {{"KeyId", key_}}).output; };
    EXPECT_EQ(status().at("KeyRotationEnabled"), false);
    kms_.ask("EnableKeyRotation", {{"KeyId", key_}, {"RotationPeriodInDays", 90}});
    EXPECT_EQ(status().at("KeyRotationEnabled"), true);
    EXPECT_EQ(status().at("RotationPeriodInDays"), 90);
    const std::string first = current();
    kms_.clock.advance(24h * 90 - 1s);
    EXPECT_EQ(current(), first);
    kms_.clock.advance(1s);
    EXPECT_NE(current(), first);
    EXPECT_EQ(rotations().at(0).at("RotationType"), "AUTOMATIC");
    EXPECT_EQ(decrypted(blob).text("Plaintext"), base64("old"));
    // A disabled key waits.
    kms_.ask("DisableKey", {{"KeyId", key_}});
    kms_.clock.advance(24h * 90);
    EXPECT_EQ(rotations().size(), 1u);
    kms_.ask("EnableKey", {{"KeyId", key_}});
    EXPECT_EQ(rotations().size(), 2u);
    kms_.ask("DisableKeyRotation", {{"KeyId", key_}});
    EXPECT_EQ(status().at("KeyRotationEnabled"), false);
}

TEST_F(Rotations, AreForSymmetricEncryptionKeys) {
    const std::string rsa = kms_.create_key("ECC_NIST_P256", "SIGN_VERIFY");
    for (const auto* operation : {"EnableKeyRotation", "DisableKeyRotation", "GetKeyRotationStatus",
                                  "RotateKeyOnDemand", "ListKeyRotations"})
        EXPECT_EQ(kms_.ask(operation, {{"KeyId", rsa}}).exception, "UnsupportedOperationException")
            << operation;
    EXPECT_THAT(
        kms_.ask("EnableKeyRotation", {{"KeyId", key_}, {"RotationPeriodInDays", 89}}).message,
        HasSubstr("Member must have value greater than or equal to 90"));
    for (int i = 0; i < 25; ++i)
        EXPECT_EQ(kms_.ask("RotateKeyOnDemand", {{"KeyId", key_}}).exception, "");
    EXPECT_EQ(kms_.ask("RotateKeyOnDemand", {{"KeyId", key_}}).exception, "LimitExceededException");
}

}  // namespace
}  // namespace glovebox::kms::testing
