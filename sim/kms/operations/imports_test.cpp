// SPDX-License-Identifier: Apache-2.0

// Imported key material: brought in, expired, deleted, brought back, rotated.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/x509.h>

#include "core/crypto/openssl.h"
#include "sim/kms/testing/in_memory_kms.h"

namespace glovebox::kms::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

class Imports : public ::testing::Test {
  protected:
    static json::object made(const Outcome& outcome) {
        return outcome.output.at("KeyMetadata").as_object();
    }

    Outcome import(const Bytes& material, const json::object& more = {},
                   const std::string& algorithm = "RSAES_OAEP_SHA_256") {
        return kms_.import(key_, material, more, algorithm);
    }
    [[nodiscard]] std::string state() {
        return std::string(
            made(kms_.ask("DescribeKey", {{"KeyId", key_}})).at("KeyState").as_string());
    }
    [[nodiscard]] double in(std::chrono::seconds time) {
        return static_cast<double>((kms_.clock.now() + time).time_since_epoch().count()) / 1000;
    }

    InMemoryKms kms_;
    std::string key_{made(kms_.ask("CreateKey", {{"Origin", "EXTERNAL"}})).at("KeyId").as_string()};
    Bytes material_ = Bytes(32, 7);
};

TEST_F(Imports, GiveAKeyItsMaterial) {
    EXPECT_EQ(state(), "PendingImport");
    EXPECT_EQ(kms_.ask("Encrypt", {{"KeyId", key_}, {"Plaintext", "AAAA"}}).message,
              kms_.arn(key_) + " is pending import.");
    EXPECT_EQ(kms_.ask("EnableKey", {{"KeyId", key_}}).exception, "KMSInvalidStateException");
    const Outcome imported = import(material_);
    ASSERT_EQ(imported.exception, "") << imported.message << imported.explanation;
    EXPECT_EQ(state(), "Enabled");
    const json::object metadata = made(kms_.ask("DescribeKey", {{"KeyId", key_}}));
    EXPECT_EQ(metadata.at("Origin"), "EXTERNAL");
    EXPECT_EQ(metadata.at("ExpirationModel"), "KEY_MATERIAL_DOES_NOT_EXPIRE");
    EXPECT_EQ(metadata.at("CurrentKeyMaterialId"), imported.output.at("KeyMaterialId"));
    const std::string blob =
        kms_.ask("Encrypt", {{"KeyId", key_}, {"Plaintext", "AAAA"}}).text("CiphertextBlob");
    EXPECT_EQ(kms_.ask("DeleteImportedKeyMaterial", {{"KeyId", key_}}).exception, "");
    EXPECT_EQ(state(), "PendingImport");
    EXPECT_EQ(import(Bytes(32, 8)).exception, "IncorrectKeyMaterialException");
    EXPECT_EQ(import(material_, {}, "RSAES_OAEP_SHA_1").exception, "");
    EXPECT_EQ(kms_.ask("Decrypt", {{"CiphertextBlob", blob}}).text("Plaintext"), "AAAA");
}

TEST_F(Imports, ExpireAtTheirTime) {
    const Outcome imported =
        import(material_, {{"ExpirationModel", "KEY_MATERIAL_EXPIRES"}, {"ValidTo", in(24h)}});
    ASSERT_EQ(imported.exception, "") << imported.message;
    kms_.clock.advance(24h - 1s);
    EXPECT_EQ(state(), "Enabled");
    kms_.clock.advance(1s);
    EXPECT_EQ(state(), "PendingImport");
    EXPECT_EQ(import(material_).exception, "");
    EXPECT_EQ(state(), "Enabled");
}

TEST_F(Imports, RefuseWhatDoesNotFit) {
    EXPECT_EQ(import(Bytes(31, 7)).exception, "IncorrectKeyMaterialException");
    EXPECT_EQ(import(material_, {{"ImportToken", "AAAA"}}).exception,
              "InvalidImportTokenException");
    EXPECT_EQ(import(material_, {{"EncryptedKeyMaterial", "AAAA"}}).exception,
              "InvalidCiphertextException");
    EXPECT_EQ(import(material_, {{"ExpirationModel", "KEY_MATERIAL_EXPIRES"}}).exception,
              "ValidationException");
    EXPECT_EQ(import(material_, {{"ValidTo", in(1h)}}).exception, "ValidationException");
    const Outcome parameters =
        kms_.ask("GetParametersForImport", {{"KeyId", key_},
                                            {"WrappingAlgorithm", "RSAES_OAEP_SHA_256"},
                                            {"WrappingKeySpec", "RSA_2048"}});
    kms_.clock.advance(24h);
    EXPECT_EQ(import(material_, {{"ImportToken", parameters.text("ImportToken")}}).exception,
              "ExpiredImportTokenException");
    const std::string own = kms_.create_key("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT");
    EXPECT_EQ(kms_.ask("GetParametersForImport", {{"KeyId", own},
                                                  {"WrappingAlgorithm", "RSAES_OAEP_SHA_256"},
                                                  {"WrappingKeySpec", "RSA_2048"}})
                  .message,
              kms_.arn(own) + " origin is AWS_KMS which is not valid for this operation.");
    EXPECT_EQ(kms_.ask("EnableKeyRotation", {{"KeyId", key_}}).exception,
              "KMSInvalidStateException");
}

// A private key is PKCS #8 (AWS: Requirements for imported key material), not an ECPrivateKey
// (RFC 5915) by itself, nor one with something behind it.
TEST_F(Imports, TakeAPrivateKeyInPkcs8Alone) {
    const Outcome created = kms_.ask(
        "CreateKey",
        {{"Origin", "EXTERNAL"}, {"KeySpec", "ECC_NIST_P256"}, {"KeyUsage", "SIGN_VERIFY"}});
    key_ = std::string(made(created).at("KeyId").as_string());
    const KeyPair pair = KeyPair::generate(*find_key_spec("ECC_NIST_P256"));
    const Bytes pkcs8 = pair.to_der();
    const Outcome refused =
        import(der_of<i2d_PrivateKey>(pair.public_key().get(), "encoding an ECPrivateKey"));
    EXPECT_EQ(refused.exception, "IncorrectKeyMaterialException");
    EXPECT_THAT(refused.explanation, HasSubstr("not a private key in PKCS #8 DER"));
    Bytes longer = pkcs8;
    longer.push_back(0);
    EXPECT_EQ(import(longer).exception, "IncorrectKeyMaterialException");
    EXPECT_EQ(import(pkcs8).exception, "");
    EXPECT_EQ(state(), "Enabled");
}

// AWS: GetParametersForImport, WrappingAlgorithm.
TEST_F(Imports, AreWrappedAsTheirKindAllows) {
    struct {
        const char* spec;
        const char* usage;
        const char* algorithm;
        const char* wrapping;
        bool fits;
    } const cases[] = {
        {"SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT", "RSAES_OAEP_SHA_1", "RSA_2048", true},
        {"SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT", "RSA_AES_KEY_WRAP_SHA_256", "RSA_2048", false},
        {"HMAC_256", "GENERATE_VERIFY_MAC", "RSA_AES_KEY_WRAP_SHA_1", "RSA_2048", false},
        {"RSA_2048", "SIGN_VERIFY", "RSAES_OAEP_SHA_256", "RSA_2048", false},
        {"RSA_2048", "SIGN_VERIFY", "RSA_AES_KEY_WRAP_SHA_256", "RSA_2048", true},
        {"ECC_NIST_P256", "SIGN_VERIFY", "RSAES_OAEP_SHA_256", "RSA_2048", true},
        {"ECC_NIST_P521", "SIGN_VERIFY", "RSAES_OAEP_SHA_256", "RSA_2048", false},
        {"ECC_NIST_P521", "SIGN_VERIFY", "RSAES_OAEP_SHA_256", "RSA_3072", true},
    };
    for (const auto& one : cases) {
        const Outcome created = kms_.ask(
            "CreateKey", {{"Origin", "EXTERNAL"}, {"KeySpec", one.spec}, {"KeyUsage", one.usage}});
        const Outcome parameters =
            kms_.ask("GetParametersForImport", {{"KeyId", made(created).at("KeyId")},
                                                {"WrappingAlgorithm", one.algorithm},
                                                {"WrappingKeySpec", one.wrapping}});
        EXPECT_EQ(parameters.exception, one.fits ? "" : "UnsupportedOperationException")
            << one.spec << ' ' << one.algorithm;
    }
}

TEST_F(Imports, ThatNameTheirMaterialNameItRight) {
    const std::string id(64, 'a');
    const auto refused = [&](const json::object& more) {
        return import(material_, more).exception;
    };
    EXPECT_EQ(refused({{"KeyMaterialId", std::string(64, 'A')}}), "ValidationException");
    EXPECT_EQ(refused({{"KeyMaterialDescription", "no {braces}"}}), "ValidationException");
    EXPECT_EQ(refused({{"ImportType", "NEW_KEY_MATERIAL"}, {"KeyMaterialId", id}}),
              "ValidationException");
    EXPECT_EQ(refused({{"ImportType", "EXISTING_KEY_MATERIAL"}}), "IncorrectKeyMaterialException");
    EXPECT_EQ(state(), "PendingImport");
    EXPECT_EQ(refused({{"KeyMaterialDescription", "the first: a/b_c-d.e"}}), "");
    key_ = std::string(made(kms_.ask("CreateKey", {{"Origin", "EXTERNAL"},
                                                   {"KeySpec", "HMAC_256"},
                                                   {"KeyUsage", "GENERATE_VERIFY_MAC"}}))
                           .at("KeyId")
                           .as_string());
    for (const json::object& more :
         {json::object{{"ImportType", "NEW_KEY_MATERIAL"}},
          json::object{{"KeyMaterialDescription", "mine"}}, json::object{{"KeyMaterialId", id}}})
        EXPECT_EQ(refused(more), "UnsupportedOperationException");
    EXPECT_EQ(refused({}), "");
}

TEST_F(Imports, TakeKeysOfEachFamily) {
    struct {
        const char* spec;
        const char* usage;
    } const cases[] = {{"ECC_NIST_EDWARDS25519", "SIGN_VERIFY"},
                       {"ECC_NIST_P256", "KEY_AGREEMENT"},
                       {"ECC_SECG_P256K1", "SIGN_VERIFY"}};
    for (const auto& [spec, usage] : cases) {
        key_ = std::string(
            made(kms_.ask("CreateKey",
                          {{"Origin", "EXTERNAL"}, {"KeySpec", spec}, {"KeyUsage", usage}}))
                .at("KeyId")
                .as_string());
        EXPECT_EQ(import(KeyPair::generate(*find_key_spec("ECC_NIST_P384")).to_der()).exception,
                  "IncorrectKeyMaterialException");
        const KeyPair pair = KeyPair::generate(*find_key_spec(spec));
        EXPECT_EQ(import(pair.to_der()).exception, "") << spec;
        EXPECT_EQ(kms_.ask("GetPublicKey", {{"KeyId", key_}}).text("PublicKey"),
                  to_base64(pair.public_key().to_der()));
        if (std::string_view(usage) == "KEY_AGREEMENT") {
            EXPECT_EQ(kms_.ask("DeriveSharedSecret",
                               {{"KeyId", key_},
                                {"KeyAgreementAlgorithm", "ECDH"},
                                {"PublicKey", to_base64(pair.public_key().to_der())}})
                          .text("KeyOrigin"),
                      "EXTERNAL");
        }
    }
}

TEST_F(Imports, AreRotatedOnDemand) {
    EXPECT_EQ(import(material_).exception, "");
    const std::string blob =
        kms_.ask("Encrypt", {{"KeyId", key_}, {"Plaintext", "AAAA"}}).text("CiphertextBlob");
    EXPECT_EQ(kms_.ask("RotateKeyOnDemand", {{"KeyId", key_}}).exception,
              "KMSInvalidStateException");
    const Outcome added = import(Bytes(32, 9), {{"ImportType", "NEW_KEY_MATERIAL"}});
    ASSERT_EQ(added.exception, "") << added.message;
    EXPECT_EQ(kms_.ask("RotateKeyOnDemand", {{"KeyId", key_}}).exception, "");
    EXPECT_EQ(made(kms_.ask("DescribeKey", {{"KeyId", key_}})).at("CurrentKeyMaterialId"),
              added.output.at("KeyMaterialId"));
    EXPECT_EQ(kms_.ask("Decrypt", {{"CiphertextBlob", blob}}).text("Plaintext"), "AAAA");
}

TEST_F(Imports, ThatAreGoneAreNotRotatedTo) {
    EXPECT_EQ(import(material_).exception, "");
    const json::object as_new{{"ImportType", "NEW_KEY_MATERIAL"}};
    const Outcome added = import(Bytes(32, 9), as_new);
    ASSERT_EQ(added.exception, "") << added.message;
    EXPECT_EQ(kms_.ask("DeleteImportedKeyMaterial",
                       {{"KeyId", key_}, {"KeyMaterialId", added.text("KeyMaterialId")}})
                  .exception,
              "");
    const Outcome refused = kms_.ask("RotateKeyOnDemand", {{"KeyId", key_}});
    EXPECT_EQ(refused.exception, "KMSInvalidStateException");
    EXPECT_THAT(refused.message, HasSubstr("has no imported key material in state "
                                           "PENDING_ROTATION"));
    EXPECT_EQ(made(kms_.ask("DescribeKey", {{"KeyId", key_}})).at("KeyState"), "Enabled");
    // Imported again, it expires.
    const Outcome again =
        import(Bytes(32, 9), {{"ExpirationModel", "KEY_MATERIAL_EXPIRES"}, {"ValidTo", in(24h)}});
    ASSERT_EQ(again.exception, "") << again.message;
    kms_.clock.advance(24h);
    EXPECT_EQ(kms_.ask("RotateKeyOnDemand", {{"KeyId", key_}}).exception,
              "KMSInvalidStateException");
    const std::string blob =
        kms_.ask("Encrypt", {{"KeyId", key_}, {"Plaintext", "AAAA"}}).text("CiphertextBlob");
    EXPECT_EQ(kms_.ask("Decrypt", {{"CiphertextBlob", blob}}).text("Plaintext"), "AAAA");
}

}  // namespace
}  // namespace glovebox::kms::testing
