// SPDX-License-Identifier: Apache-2.0

// Every operation with key material, against everything that can be wrong with its key and its
// request: a table of operations, and one test for each question that all of them answer alike.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <vector>

#include "sim/kms/testing/in_memory_kms.h"

namespace glovebox::kms::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr auto unknown_key = "00000000-0000-0000-0000-000000000000";
constexpr auto deny_all = R"({"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Principal": "*", "Action": "kms:PutKeyPolicy", "Resource": "*"}]})";

// What else an input needs, made with the key before anything is wrong with it.
using Prepare = std::function<void(InMemoryKms&, const std::string& key, json::object& input)>;

struct UseCase {
    std::string operation;
    std::string spec;
    std::string usage;
    json::object input;  // with KeyId and what `prepare` adds, a request that succeeds
    std::vector<std::string> required;
    std::vector<std::string> output;
    // A key that is made for something else.
    std::string wrong_spec = "HMAC_256";
    std::string wrong_usage = "GENERATE_VERIFY_MAC";
    std::string wrong_exception = "InvalidKeyUsageException";
    Prepare prepare = {};
    std::vector<std::string> key_members = {"KeyId"};
    std::string secret = {};  // the member that a Recipient turns into CiphertextForRecipient
    bool takes_dry_run = true;
};

void add_ciphertext(InMemoryKms& kms, const std::string& key, json::object& input) {
    input["CiphertextBlob"] = kms.ask("Encrypt", {{"KeyId", key}, {"Plaintext", base64("secret")}})
                                  .text("CiphertextBlob");
}

void add_signature(InMemoryKms& kms, const std::string& key, json::object& input) {
    json::object request = input;
    request["KeyId"] = key;
    input["Signature"] = kms.ask("Sign", request).text("Signature");
}

void add_mac(InMemoryKms& kms, const std::string& key, json::object& input) {
    json::object request = input;
    request["KeyId"] = key;
    input["Mac"] = kms.ask("GenerateMac", request).text("Mac");
}

void add_peer(InMemoryKms&, const std::string&, json::object& input) {
    static const Bytes peer =
        KeyPair::generate(*find_key_spec("ECC_NIST_P256")).public_key().to_der();
    input["PublicKey"] = to_base64(peer);
}

std::vector<UseCase> use_cases() {
    const UseCase symmetric{"", "SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT", {}, {}, {}};
    std::vector<UseCase> cases;
    const auto add = [&](UseCase one) { cases.push_back(std::move(one)); };

    UseCase encrypt = symmetric;
    encrypt.operation = "Encrypt";
    encrypt.input = {{"Plaintext", base64("secret")}};
    encrypt.required = {"keyId", "plaintext"};
    encrypt.output = {"CiphertextBlob", "KeyId", "EncryptionAlgorithm"};
    add(encrypt);

    UseCase decrypt = symmetric;
    decrypt.operation = "Decrypt";
    decrypt.required = {"ciphertextBlob"};
    decrypt.output = {"Plaintext", "KeyId", "EncryptionAlgorithm", "KeyMaterialId"};
    decrypt.prepare = add_ciphertext;
    decrypt.secret = "Plaintext";
    add(decrypt);

    UseCase re_encrypt = symmetric;
    re_encrypt.operation = "ReEncrypt";
    re_encrypt.required = {"ciphertextBlob", "destinationKeyId"};
    re_encrypt.output = {"CiphertextBlob",
                         "SourceKeyId",
                         "KeyId",
                         "SourceEncryptionAlgorithm",
                         "DestinationEncryptionAlgorithm",
                         "SourceKeyMaterialId",
                         "DestinationKeyMaterialId"};
    re_encrypt.prepare = add_ciphertext;
    re_encrypt.key_members = {"SourceKeyId", "DestinationKeyId"};
    add(re_encrypt);

    UseCase data_key = symmetric;
    data_key.operation = "GenerateDataKey";
    data_key.input = {{"KeySpec", "AES_256"}};
    data_key.required = {"keyId"};
    data_key.output = {"CiphertextBlob", "Plaintext", "KeyId", "KeyMaterialId"};
    data_key.secret = "Plaintext";
    add(data_key);
    data_key.operation = "GenerateDataKeyWithoutPlaintext";
    data_key.output = {"CiphertextBlob", "KeyId", "KeyMaterialId"};
    data_key.secret = "";
    add(data_key);

    UseCase pair = symmetric;
    pair.operation = "GenerateDataKeyPair";
    pair.input = {{"KeyPairSpec", "ECC_NIST_P256"}};
    pair.required = {"keyId", "keyPairSpec"};
    pair.output = {"PrivateKeyCiphertextBlob",
                   "PrivateKeyPlaintext",
                   "PublicKey",
                   "KeyId",
                   "KeyPairSpec",
                   "KeyMaterialId"};
    pair.secret = "PrivateKeyPlaintext";
    add(pair);
    pair.operation = "GenerateDataKeyPairWithoutPlaintext";
    pair.output = {"PrivateKeyCiphertextBlob", "PublicKey", "KeyId", "KeyPairSpec",
                   "KeyMaterialId"};
    pair.secret = "";
    add(pair);

    UseCase sign{"Sign",
                 "ECC_NIST_P256",
                 "SIGN_VERIFY",
                 {{"Message", base64("message")}, {"SigningAlgorithm", "ECDSA_SHA_256"}},
                 {"keyId", "message", "signingAlgorithm"},
                 {"KeyId", "Signature", "SigningAlgorithm"}};
    add(sign);
    sign.operation = "Verify";
    sign.required.push_back("signature");
    sign.output = {"KeyId", "SignatureValid", "SigningAlgorithm"};
    sign.prepare = add_signature;
    add(sign);

    UseCase mac{"GenerateMac",
                "HMAC_256",
                "GENERATE_VERIFY_MAC",
                {{"Message", base64("message")}, {"MacAlgorithm", "HMAC_SHA_256"}},
                {"keyId", "message", "macAlgorithm"},
                {"KeyId", "Mac", "MacAlgorithm"}};
    mac.wrong_spec = "SYMMETRIC_DEFAULT";
    mac.wrong_usage = "ENCRYPT_DECRYPT";
    add(mac);
    mac.operation = "VerifyMac";
    mac.required.push_back("mac");
    mac.output = {"KeyId", "MacValid", "MacAlgorithm"};
    mac.prepare = add_mac;
    add(mac);

    UseCase agree{"DeriveSharedSecret",
                  "ECC_NIST_P256",
                  "KEY_AGREEMENT",
                  {{"KeyAgreementAlgorithm", "ECDH"}},
                  {"keyId", "keyAgreementAlgorithm", "publicKey"},
                  {"KeyId", "SharedSecret", "KeyAgreementAlgorithm", "KeyOrigin"}};
    agree.prepare = add_peer;
    agree.secret = "SharedSecret";
    add(agree);

    UseCase public_key{"GetPublicKey",
                       "ECC_NIST_P256",
                       "SIGN_VERIFY",
                       {},
                       {"keyId"},
                       {"KeyId", "PublicKey", "KeySpec", "KeyUsage", "CustomerMasterKeySpec",
                        "SigningAlgorithms"}};
    public_key.wrong_exception = "UnsupportedOperationException";
    public_key.takes_dry_run = false;
    add(public_key);
    return cases;
}

class KeyUseTable : public ::testing::TestWithParam<UseCase> {
  protected:
    KeyUseTable()
        : key_(kms_.create_key(GetParam().spec, GetParam().usage)), input_(GetParam().input) {
        if (GetParam().prepare)
            GetParam().prepare(kms_, key_, input_);
        name_key(key_);
    }

    void name_key(const std::string& reference) {
        for (const std::string& member : GetParam().key_members)
            input_[member] = reference;
    }

    Outcome ask() { return kms_.ask(GetParam().operation, input_); }

    void expect_refused(std::string_view exception, std::string_view message) {
        const Outcome outcome = ask();
        EXPECT_EQ(outcome.status, 400u);
        EXPECT_EQ(outcome.exception, exception) << outcome.message << outcome.explanation;
        EXPECT_THAT(outcome.message, HasSubstr(message));
    }

    InMemoryKms kms_;
    std::string key_;
    json::object input_;
};

TEST_P(KeyUseTable, AnswersWithItsMembers) {
    const Outcome outcome = ask();
    ASSERT_EQ(outcome.status, 200u) << outcome.exception << outcome.explanation;
    std::vector<std::string> members;
    for (const auto& member : outcome.output)
        members.emplace_back(member.key());
    EXPECT_THAT(members, ::testing::UnorderedElementsAreArray(GetParam().output));
    EXPECT_EQ(outcome.text("KeyId"), kms_.arn(key_));
}

TEST_P(KeyUseTable, TakesEveryFormOfAKeysName) {
    kms_.ask("CreateAlias", {{"AliasName", "alias/app"}, {"TargetKeyId", key_}});
    for (const std::string& reference :
         {kms_.arn(key_), std::string("alias/app"),
          std::string("arn:aws:kms:us-east-1:111122223333:alias/app")}) {
        name_key(reference);
        EXPECT_EQ(ask().status, 200u) << reference;
    }
}

TEST_P(KeyUseTable, RefusesAKeyThatIsNotThere) {
    name_key(unknown_key);
    expect_refused("NotFoundException", "Key '" + kms_.arn(unknown_key) + "' does not exist");
    name_key("alias/none");
    expect_refused("NotFoundException", "alias/none is not found.");
    name_key("no-key");
    expect_refused("NotFoundException", "Invalid keyId 'no-key'");
    name_key("arn:aws:kms:eu-west-1:111122223333:key/" + key_);
    expect_refused("NotFoundException", "Invalid arn eu-west-1");
}

TEST_P(KeyUseTable, RefusesWhomTheKeysPolicyDoesNotName) {
    ASSERT_TRUE(kms_.keys->set_policy(key_, deny_all));
    expect_refused("AccessDeniedException", "arn:aws:iam::111122223333:user/tester");
    // Policies come before the key's state.
    ASSERT_TRUE(kms_.keys->set_state(key_, KeyState::disabled, std::nullopt));
    expect_refused("AccessDeniedException", "no resource-based policy allows");
}

TEST_P(KeyUseTable, RefusesAKeyThatIsNotEnabled) {
    kms_.ask("DisableKey", {{"KeyId", key_}});
    expect_refused("DisabledException", kms_.arn(key_) + " is disabled.");
    kms_.ask("ScheduleKeyDeletion", {{"KeyId", key_}});
    expect_refused("KMSInvalidStateException", kms_.arn(key_) + " is pending deletion.");
}

TEST_P(KeyUseTable, RefusesAKeyThatIsMadeForSomethingElse) {
    name_key(kms_.create_key(GetParam().wrong_spec, GetParam().wrong_usage));
    expect_refused(GetParam().wrong_exception,
                   GetParam().wrong_exception == "InvalidKeyUsageException"
                       ? " key usage is " + GetParam().wrong_usage
                       : "has no public key");
}

TEST_P(KeyUseTable, NamesEachMemberThatIsMissing) {
    input_ = {};
    const Outcome outcome = ask();
    EXPECT_EQ(outcome.exception, "ValidationException");
    // What is read after the first violations comes in a second answer.
    EXPECT_THAT(outcome.message,
                HasSubstr("failed to satisfy constraint: Member must not be null"));
    for (const std::string& member : GetParam().required) {
        json::object rest = GetParam().input;
        if (GetParam().prepare)
            GetParam().prepare(kms_, key_, rest);
        input_ = rest;
        name_key(key_);
        const std::string name =
            std::string(1, static_cast<char>(member[0] - 'a' + 'A')) + member.substr(1);
        input_.erase(name);
        expect_refused("ValidationException", "at '" + member + "' failed to satisfy constraint");
    }
}

TEST_P(KeyUseTable, RefusesAMemberOfAnotherType) {
    input_[GetParam().key_members.back()] = 5;
    EXPECT_EQ(ask().exception, "SerializationException");
}

TEST_P(KeyUseTable, ADryRunDoesNothingAndSaysSo) {
    input_["DryRun"] = true;
    if (!GetParam().takes_dry_run) {
        EXPECT_EQ(ask().status, 200u);
        return;
    }
    expect_refused("DryRunOperationException", "The request would have succeeded");
    kms_.ask("DisableKey", {{"KeyId", key_}});
    expect_refused("DisabledException", "");
}

TEST_P(KeyUseTable, GivesARecipientItsSecretAlone) {
    input_["Recipient"] = kms_.recipient();
    const Outcome outcome = ask();
    ASSERT_EQ(outcome.status, 200u) << outcome.exception << outcome.explanation;
    if (GetParam().secret.empty()) {
        EXPECT_FALSE(outcome.output.contains("CiphertextForRecipient"));
        return;
    }
    EXPECT_TRUE(outcome.output.contains("CiphertextForRecipient"));
    EXPECT_FALSE(outcome.output.contains(GetParam().secret));
    EXPECT_FALSE(outcome.output.contains("KeyMaterialId"));
    input_["Recipient"].as_object()["AttestationDocument"] = base64("no document");
    expect_refused("ValidationException", "The attestation document in the request is not valid");
}

INSTANTIATE_TEST_SUITE_P(Operations, KeyUseTable, ::testing::ValuesIn(use_cases()),
                         [](const auto& one) { return one.param.operation; });

}  // namespace
}  // namespace glovebox::kms::testing
