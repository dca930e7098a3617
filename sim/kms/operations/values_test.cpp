// SPDX-License-Identifier: Apache-2.0

// What the operations say of values that do not fit: one row each, with AWS's exception and
// message.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "sim/kms/testing/in_memory_kms.h"

namespace glovebox::kms::testing {
namespace {

using ::testing::HasSubstr;

struct ValueCase {
    std::string name;
    std::string operation;
    std::string spec;  // of the key that the input's "KeyId" is; empty: the input names none
    std::string usage;
    json::object input;
    std::string exception;
    std::string message;
};

json::array tags(std::initializer_list<std::pair<const char*, const char*>> pairs) {
    json::array list;
    for (const auto& [key, value] : pairs)
        list.push_back(json::object{{"TagKey", key}, {"TagValue", value}});
    return list;
}

std::vector<ValueCase> value_cases() {
    const std::string symmetric = "SYMMETRIC_DEFAULT";
    const std::string encrypt = "ENCRYPT_DECRYPT";
    const std::string sign = "SIGN_VERIFY";
    const std::string mac = "GENERATE_VERIFY_MAC";
    const std::string validation = "ValidationException";
    const std::string usage = "InvalidKeyUsageException";
    const std::string message = base64("message");
    return {
        {"PlaintextTooLong",
         "Encrypt",
         symmetric,
         encrypt,
         {{"Plaintext", base64(std::string(4097, 'x'))}},
         validation,
         "Value at 'plaintext' failed to satisfy constraint: Member must have length less than or "
         "equal to 4096"},
        {"PlaintextIsNoBase64",
         "Encrypt",
         symmetric,
         encrypt,
         {{"Plaintext", "*"}},
         "SerializationException",
         ""},
        {"RsaPlaintextTooLong",
         "Encrypt",
         "RSA_2048",
         encrypt,
         {{"Plaintext", base64(std::string(191, 'x'))},
          {"EncryptionAlgorithm", "RSAES_OAEP_SHA_256"}},
         validation,
         "Algorithm RSAES_OAEP_SHA_256 and key spec RSA_2048 cannot encrypt data larger than 190 "
         "bytes."},
        {"RsaWithoutAnAlgorithm",
         "Encrypt",
         "RSA_2048",
         encrypt,
         {{"Plaintext", message}},
         usage,
         "Algorithm SYMMETRIC_DEFAULT is incompatible with key spec RSA_2048."},
        {"RsaWithAContext",
         "Encrypt",
         "RSA_2048",
         encrypt,
         {{"Plaintext", message},
          {"EncryptionAlgorithm", "RSAES_OAEP_SHA_256"},
          {"EncryptionContext", json::object{{"a", "b"}}}},
         validation,
         "You cannot specify EncryptionContext when using an asymmetric KMS key"},
        {"SymmetricWithAnRsaAlgorithm",
         "Encrypt",
         symmetric,
         encrypt,
         {{"Plaintext", message}, {"EncryptionAlgorithm", "RSAES_OAEP_SHA_1"}},
         usage,
         "Algorithm RSAES_OAEP_SHA_1 is incompatible with key spec SYMMETRIC_DEFAULT."},
        {"UnknownAlgorithm",
         "Encrypt",
         symmetric,
         encrypt,
         {{"Plaintext", message}, {"EncryptionAlgorithm", "ROT13"}},
         validation,
         "Value 'ROT13' at 'encryptionAlgorithm' failed to satisfy constraint: Member must satisfy "
         "enum value set: ["},
        {"CiphertextOfNobody",
         "Decrypt",
         "",
         "",
         {{"CiphertextBlob", base64("nonsense")}},
         "InvalidCiphertextException",
         ""},
        {"DataKeyWithBoth",
         "GenerateDataKey",
         symmetric,
         encrypt,
         {{"KeySpec", "AES_128"}, {"NumberOfBytes", 16}},
         validation,
         "Please specify either number of bytes or key spec, not both."},
        {"DataKeyWithNeither",
         "GenerateDataKey",
         symmetric,
         encrypt,
         {},
         validation,
         "Please specify either number of bytes or key spec."},
        {"DataKeyTooLong",
         "GenerateDataKey",
         symmetric,
         encrypt,
         {{"NumberOfBytes", 1025}},
         validation,
         "1 validation error detected: Value '1025' at 'numberOfBytes' failed to satisfy "
         "constraint: Member must have value less than or equal to 1024"},
        {"DataKeyUnderRsa",
         "GenerateDataKey",
         "RSA_2048",
         encrypt,
         {{"KeySpec", "AES_256"}},
         usage,
         "key usage is ENCRYPT_DECRYPT which is not valid for GenerateDataKey."},
        {"DataKeyPairOfMlDsa",
         "GenerateDataKeyPair",
         symmetric,
         encrypt,
         {{"KeyPairSpec", "SM2"}},
         "UnsupportedOperationException",
         "SM2 is not supported"},
        {"RandomWithoutALength",
         "GenerateRandom",
         "",
         "",
         {},
         validation,
         "NumberOfBytes is required."},
        {"RandomOfNothing",
         "GenerateRandom",
         "",
         "",
         {{"NumberOfBytes", 0}},
         validation,
         "Member must have value greater than or equal to 1"},
        {"SignWithAnothersAlgorithm",
         "Sign",
         "ECC_NIST_P256",
         sign,
         {{"Message", message}, {"SigningAlgorithm", "ECDSA_SHA_384"}},
         usage,
         "Algorithm ECDSA_SHA_384 is incompatible with key spec ECC_NIST_P256."},
        {"DigestOfAnotherLength",
         "Sign",
         "ECC_NIST_P256",
         sign,
         {{"Message", message}, {"SigningAlgorithm", "ECDSA_SHA_256"}, {"MessageType", "DIGEST"}},
         validation,
         "Digest is invalid length for algorithm ECDSA_SHA_256."},
        {"EdwardsTakesNoDigest",
         "Sign",
         "ECC_NIST_EDWARDS25519",
         sign,
         {{"Message", message}, {"SigningAlgorithm", "ED25519_SHA_512"}, {"MessageType", "DIGEST"}},
         validation,
         "MessageType DIGEST is not compatible with ED25519_SHA_512."},
        {"SignatureOfAnotherMessage",
         "Verify",
         "ECC_NIST_P256",
         sign,
         {{"Message", message}, {"SigningAlgorithm", "ECDSA_SHA_256"}, {"Signature", message}},
         "KMSInvalidSignatureException",
         ""},
        {"MacWithAnothersAlgorithm",
         "GenerateMac",
         "HMAC_224",
         mac,
         {{"Message", message}, {"MacAlgorithm", "HMAC_SHA_256"}},
         usage,
         "Algorithm HMAC_SHA_256 is incompatible with key spec HMAC_224."},
        {"EdwardsPrehashed",
         "Sign",
         "ECC_NIST_EDWARDS25519",
         sign,
         {{"Message", message},
          {"MessageType", "DIGEST"},
          {"SigningAlgorithm", "ED25519_PH_SHA_512"}},
         usage,
         "Algorithm ED25519_PH_SHA_512 is incompatible with key spec ECC_NIST_EDWARDS25519."},
        {"MacOfAnotherMessage",
         "VerifyMac",
         "HMAC_256",
         mac,
         {{"Message", message}, {"MacAlgorithm", "HMAC_SHA_256"}, {"Mac", message}},
         "KMSInvalidMacException",
         ""},
        {"PeerIsNoKey",
         "DeriveSharedSecret",
         "ECC_NIST_P256",
         "KEY_AGREEMENT",
         {{"KeyAgreementAlgorithm", "ECDH"}, {"PublicKey", message}},
         validation,
         ""},
        {"PublicKeyOfASymmetricKey",
         "GetPublicKey",
         symmetric,
         encrypt,
         {},
         "UnsupportedOperationException",
         "has no public key: its KeySpec is SYMMETRIC_DEFAULT"},
        {"KeyWithoutAUsage",
         "CreateKey",
         "",
         "",
         {{"KeySpec", "RSA_2048"}},
         validation,
         "You must specify a KeyUsage value for all KMS keys except for symmetric encryption "
         "keys."},
        {"KeyWithBothSpecs",
         "CreateKey",
         "",
         "",
         {{"KeySpec", symmetric}, {"CustomerMasterKeySpec", symmetric}},
         validation,
         "You cannot specify KeySpec and CustomerMasterKeySpec in the same request."},
        {"KeyWithAnOldSpecThatIsNone",
         "CreateKey",
         "",
         "",
         {{"CustomerMasterKeySpec", "ECC_NIST_EDWARDS25519"}, {"KeyUsage", sign}},
         validation,
         "Value 'ECC_NIST_EDWARDS25519' at 'customerMasterKeySpec' failed to satisfy constraint: "
         "Member must satisfy enum value set: ["},
        {"MoreGrantsThanAPageHas",
         "ListGrants",
         symmetric,
         encrypt,
         {{"Limit", 101}},
         validation,
         "Member must have value less than or equal to 100"},
        {"MoreTagsThanAPageHas",
         "ListResourceTags",
         symmetric,
         encrypt,
         {{"Limit", 51}},
         validation,
         "Member must have value less than or equal to 50"},
        {"KeyWithAnotherUsage",
         "CreateKey",
         "",
         "",
         {{"KeySpec", "RSA_2048"}, {"KeyUsage", "KEY_AGREEMENT"}},
         validation,
         "KeyUsage KEY_AGREEMENT is not compatible with KeySpec RSA_2048"},
        {"KeyOfAnotherOrigin",
         "CreateKey",
         "",
         "",
         {{"Origin", "AWS_CLOUDHSM"}},
         "UnsupportedOperationException",
         "Origin AWS_CLOUDHSM is not supported"},
        {"KeyWithATagTwice",
         "CreateKey",
         "",
         "",
         {{"Tags", tags({{"a", "1"}, {"a", "2"}})}},
         "TagException",
         "Duplicate tag keys"},
        {"KeyWithAReservedTag",
         "CreateKey",
         "",
         "",
         {{"Tags", tags({{"aws:a", "1"}})}},
         "TagException",
         "Tags beginning with aws: are reserved"},
        {"KeyWithAReservedTagInCapitals",
         "CreateKey",
         "",
         "",
         {{"Tags", tags({{"AWS:a", "1"}})}},
         "TagException",
         "Tags beginning with aws: are reserved"},
        {"KeyWithATagOfOtherCharacters",
         "CreateKey",
         "",
         "",
         {{"Tags", tags({{"a!<>", "1"}})}},
         "TagException",
         "one or more tags are not valid"},
        {"TagsThatAreMissing",
         "TagResource",
         symmetric,
         encrypt,
         {},
         validation,
         "Value at 'tags' failed to satisfy constraint: Member must not be null"},
        {"TagKeysThatAreMissing",
         "UntagResource",
         symmetric,
         encrypt,
         {},
         validation,
         "Value at 'tagKeys' failed to satisfy constraint: Member must not be null"},
        {"KeyInACustomKeyStore",
         "CreateKey",
         "",
         "",
         {{"CustomKeyStoreId", "cks-1234567890abcdef0"}},
         "UnsupportedOperationException",
         "Custom key stores are not supported"},
        {"KeyOfAnExternalKeyStore",
         "CreateKey",
         "",
         "",
         {{"XksKeyId", "bb8562717f809024"}},
         "UnsupportedOperationException",
         "Custom key stores are not supported"},
        {"KeyWithALongDescription",
         "CreateKey",
         "",
         "",
         {{"Description", std::string(8193, 'x')}},
         validation,
         "at 'description' failed to satisfy constraint"},
        {"KeyWithABrokenPolicy",
         "CreateKey",
         "",
         "",
         {{"Policy", "{}"}},
         "MalformedPolicyDocumentException",
         ""},
        {"KeyThatLocksItsMakerOut",
         "CreateKey",
         "",
         "",
         {{"Policy",
           R"({"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Principal": "*", "Action": "kms:Encrypt", "Resource": "*"}]})"}},
         "MalformedPolicyDocumentException",
         "The new key policy will not allow you to update the key policy in the future."},
        {"PolicyOfAnotherName",
         "GetKeyPolicy",
         symmetric,
         encrypt,
         {{"PolicyName", "other"}},
         "NotFoundException",
         "No such policy exists"},
        {"DeletionTooSoon",
         "ScheduleKeyDeletion",
         symmetric,
         encrypt,
         {{"PendingWindowInDays", 6}},
         validation,
         "Value '6' at 'pendingWindowInDays' failed to satisfy constraint: Member must have value "
         "greater than or equal to 7"},
        {"AliasWithoutItsPrefix",
         "CreateAlias",
         "",
         "",
         {{"AliasName", "app"}, {"TargetKeyId", "x"}},
         validation,
         "Alias must start with the prefix \"alias/\"."},
        {"AliasOfAws",
         "CreateAlias",
         "",
         "",
         {{"AliasName", "alias/aws/app"}, {"TargetKeyId", "x"}},
         "NotAuthorizedException",
         ""},
        {"AliasWithASpace",
         "CreateAlias",
         "",
         "",
         {{"AliasName", "alias/a b"}, {"TargetKeyId", "x"}},
         "InvalidAliasNameException",
         ""},
        {"AliasThatIsNotThere",
         "DeleteAlias",
         "",
         "",
         {{"AliasName", "alias/none"}},
         "NotFoundException",
         "alias/none is not found."},
        {"PageThatIsTooLong",
         "ListKeys",
         "",
         "",
         {{"Limit", 1001}},
         validation,
         "at 'limit' failed to satisfy constraint"},
        {"MarkerOfNobody", "ListKeys", "", "", {{"Marker", "*"}}, "InvalidMarkerException", ""},
        {"MarkerMadeUp",
         "ListKeys",
         "",
         "",
         {{"Marker", base64("anything")}},
         "InvalidMarkerException",
         "Could not deserialize marker 'YW55dGhpbmc='"},
        {"MarkerOfAnotherList",
         "ListAliases",
         "",
         "",
         {{"Marker", base64("ListKeys:1234abcd-12ab-34cd-56ef-1234567890ab")}},
         "InvalidMarkerException",
         "Could not deserialize marker"},
        {"MarkerOfNoMaterial",
         "ListKeyRotations",
         "SYMMETRIC_DEFAULT",
         "ENCRYPT_DECRYPT",
         {{"Marker", base64("ListKeyRotations:00")}},
         "InvalidMarkerException",
         "Could not deserialize marker"},
        {"AliasWhereNoneMayStand",
         "EnableKey",
         "",
         "",
         {{"KeyId", "alias/app"}},
         "InvalidArnException",
         "Key Aliases are not supported for this operation"},
    };
}

class ValueTable : public ::testing::TestWithParam<ValueCase> {};

TEST_P(ValueTable, IsRefusedInAwssWords) {
    const ValueCase& one = GetParam();
    InMemoryKms kms;
    json::object input = one.input;
    if (!one.spec.empty())
        input["KeyId"] = kms.create_key(one.spec, one.usage);
    const Outcome outcome = kms.ask(one.operation, input);
    EXPECT_EQ(outcome.status, 400u);
    EXPECT_EQ(outcome.exception, one.exception) << outcome.message << outcome.explanation;
    EXPECT_THAT(outcome.message, HasSubstr(one.message));
}

INSTANTIATE_TEST_SUITE_P(Operations, ValueTable, ::testing::ValuesIn(value_cases()),
                         [](const auto& one) { return one.param.name; });

TEST(Values, PagesFollowEachOther) {
    InMemoryKms kms;
    std::vector<std::string> made;
    for (int i = 0; i < 5; ++i)
        made.push_back(kms.create_key("HMAC_256", "GENERATE_VERIFY_MAC"));
    std::sort(made.begin(), made.end());
    std::vector<std::string> listed;
    json::object input{{"Limit", 2}};
    for (bool more = true; more;) {
        const json::object page = kms.ask("ListKeys", input).output;
        for (const auto& key : page.at("Keys").as_array()) {
            listed.emplace_back(key.at("KeyId").as_string());
            EXPECT_EQ(key.at("KeyArn").as_string(), kms.arn(listed.back()));
        }
        more = page.at("Truncated").as_bool();
        if (more)
            input["Marker"] = page.at("NextMarker");
    }
    EXPECT_EQ(listed, made);
}

TEST(Values, AnAliasLeadsToOneKeyAndMoves) {
    InMemoryKms kms;
    const std::string first = kms.create_key("HMAC_256", "GENERATE_VERIFY_MAC");
    const std::string second = kms.create_key("HMAC_256", "GENERATE_VERIFY_MAC");
    const std::string other = kms.create_key("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT");
    const json::object alias{{"AliasName", "alias/app"}, {"TargetKeyId", first}};
    EXPECT_EQ(kms.ask("CreateAlias", alias).status, 200u);
    EXPECT_EQ(kms.ask("CreateAlias", alias).exception, "AlreadyExistsException");
    EXPECT_EQ(
        kms.ask("UpdateAlias", {{"AliasName", "alias/app"}, {"TargetKeyId", other}}).exception,
        "ValidationException")
        << "a key of another usage";
    EXPECT_EQ(kms.ask("UpdateAlias", {{"AliasName", "alias/app"}, {"TargetKeyId", second}}).status,
              200u);
    const json::array listed =
        kms.ask("ListAliases", {{"KeyId", second}}).output.at("Aliases").as_array();
    ASSERT_EQ(listed.size(), 1u);
    EXPECT_EQ(listed[0].at("AliasName"), "alias/app");
    EXPECT_EQ(listed[0].at("TargetKeyId").as_string(), second);
    EXPECT_EQ(kms.ask("DeleteAlias", {{"AliasName", "alias/app"}}).status, 200u);
    EXPECT_EQ(kms.ask("DescribeKey", {{"KeyId", "alias/app"}}).exception, "NotFoundException");
}

TEST(Values, ACiphertextOpensWithItsContextAndKeyAlone) {
    InMemoryKms kms;
    const std::string key = kms.create_key("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT");
    const std::string other = kms.create_key("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT");
    const json::object context{{"app", "one"}};
    const std::string blob =
        kms.ask("Encrypt",
                {{"KeyId", key}, {"Plaintext", base64("secret")}, {"EncryptionContext", context}})
            .text("CiphertextBlob");
    const Outcome opened =
        kms.ask("Decrypt", {{"CiphertextBlob", blob}, {"EncryptionContext", context}});
    EXPECT_EQ(opened.text("Plaintext"), base64("secret"));
    EXPECT_EQ(opened.text("KeyId"), kms.arn(key));
    EXPECT_EQ(kms.ask("Decrypt", {{"CiphertextBlob", blob}}).exception,
              "InvalidCiphertextException");
    EXPECT_EQ(kms.ask("Decrypt",
                      {{"CiphertextBlob", blob}, {"KeyId", other}, {"EncryptionContext", context}})
                  .exception,
              "IncorrectKeyException");
}

TEST(Values, WhatIsNoOperationIsUnknown) {
    InMemoryKms kms;
    EXPECT_EQ(kms.ask("Nonsense", {}).exception, "UnknownOperationException");
}

}  // namespace
}  // namespace glovebox::kms::testing
