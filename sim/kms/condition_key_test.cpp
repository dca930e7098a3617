// SPDX-License-Identifier: Apache-2.0

// Every condition key of IAM and KMS, asked of requests: whether a policy finds it, and with which
// value. Each row has AWS's words about its availability, from the IAM user guide, "AWS global
// condition context keys", and the KMS developer guide, "AWS KMS condition keys".
#include "sim/kms/policy/condition_key.h"

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "sim/kms/testing/in_memory_kms.h"

namespace glovebox::kms::testing {
namespace {

using policy::Availability;
using ::testing::HasSubstr;

enum class Who { user, instance, root };

// A request, and what a policy finds in it.
struct Row {
    std::string key;
    std::string awss_words;
    Who who = Who::user;
    std::optional<std::string> value;  // empty: the request lacks the key
    std::string operation = "Encrypt";
    json::object input = {{"Plaintext", "AAAA"}};  // without KeyId
    std::string spec = "SYMMETRIC_DEFAULT";
    std::string usage = "ENCRYPT_DECRYPT";

    [[nodiscard]] Row of(std::string other_operation, json::object other_input,
                         std::string other_spec = "SYMMETRIC_DEFAULT",
                         std::string other_usage = "ENCRYPT_DECRYPT") const {
        Row row = *this;
        row.operation = std::move(other_operation);
        row.input = std::move(other_input);
        row.spec = std::move(other_spec);
        row.usage = std::move(other_usage);
        return row;
    }
};

void PrintTo(const Row& row, std::ostream* out) {
    *out << row.key;
}

const TimePoint issued = parse_time("2026-03-04T04:00:00Z").value();

iam::Principal caller(Who who) {
    if (who == Who::root)
        return iam::parse_principal("arn:aws:iam::111122223333:root").value();
    if (who == Who::user)
        return iam::parse_principal(InMemoryKms::tester).value();
    auto session = iam::session_of("arn:aws:iam::111122223333:role/parent", "i-0123").value();
    session.delivery = iam::Delivery{issued, "2.0"};
    return session;
}

std::vector<Row> principal_rows() {
    constexpr auto signed_requests = "included in the request context for all signed requests";
    constexpr auto temporary =
        "included in the request context only when the principal uses temporary credentials";
    return {
        {"aws:PrincipalArn", signed_requests, Who::user, InMemoryKms::tester},
        {"aws:PrincipalArn", "For IAM roles, the request context returns the ARN of the role",
         Who::instance, "arn:aws:iam::111122223333:role/parent"},
        {"aws:PrincipalAccount", "included in the request context for all requests", Who::user,
         "111122223333"},
        {"aws:PrincipalTag/team", "if the principal is using an IAM user with attached tags",
         Who::user, "ops"},
        {"aws:PrincipalTag/other", "if the principal is using an IAM user with attached tags",
         Who::user, std::nullopt},
        {"aws:PrincipalIsAWSService", "present in the request context for all signed API requests",
         Who::user, "false"},
        {"aws:PrincipalIsAWSService", "present in the request context for all signed API requests",
         Who::instance, "false"},
        {"aws:PrincipalServiceName", "not present if the call is made directly by an IAM principal",
         Who::instance, std::nullopt},
        {"aws:PrincipalServiceNamesList",
         "not present if the call is made directly by an IAM principal", Who::instance,
         std::nullopt},
        {"aws:PrincipalType", "included in the request context for all requests", Who::root,
         "Account"},
        {"aws:PrincipalType", "included in the request context for all requests", Who::user,
         "User"},
        {"aws:PrincipalType", "included in the request context for all requests", Who::instance,
         "AssumedRole"},
        {"aws:userid", "included in the request context for all requests", Who::user,
         iam::unique_id(caller(Who::user))},
        {"aws:userid", "role-id:ec2-instance-id", Who::instance,
         iam::unique_id(caller(Who::instance))},
        {"aws:userid", "the account ID of a root user", Who::root, "111122223333"},
        {"aws:username", "always included in the request context for IAM users", Who::user,
         "tester"},
        {"aws:username", "requests that use IAM roles do not include this key", Who::instance,
         std::nullopt},
        {"aws:AssumedRoot", "only when the principal uses credentials from AssumeRoot", Who::root,
         std::nullopt},
        {"aws:FederatedProvider", "present in a role session assumed using an OIDC provider",
         Who::instance, std::nullopt},
        {"aws:TokenIssueTime", temporary, Who::instance, "2026-03-04T04:00:00.000Z"},
        {"aws:TokenIssueTime", temporary, Who::user, std::nullopt},
        {"aws:SignInSessionArn", "when the request originates from an AWS Sign-In OAuth session",
         Who::user, std::nullopt},
        {"aws:MultiFactorAuthAge",
         "the number of seconds since the principal was authorized by MFA", Who::instance,
         std::nullopt},
        {"aws:MultiFactorAuthPresent", temporary, Who::instance, "false"},
        {"aws:MultiFactorAuthPresent", "not present when called with long-term credentials",
         Who::user, std::nullopt},
        {"aws:ChatbotSourceArn", "included by Amazon Q Developer in chat applications",
         Who::instance, std::nullopt},
        {"aws:Ec2InstanceSourceVpc", "whenever requests are signed with an EC2 role credential",
         Who::user, std::nullopt},
        {"aws:Ec2InstanceSourcePrivateIPv4",
         "whenever requests are signed with an EC2 role credential", Who::user, std::nullopt},
        {"aws:SourceIdentity", "after a source identity has been set when a role is assumed",
         Who::instance, std::nullopt},
        {"ec2:RoleDelivery", "whenever requests are signed with an EC2 role credential",
         Who::instance, "2.0"},
        {"ec2:RoleDelivery", "if the request is not signed by EC2 role credentials: no effect",
         Who::user, std::nullopt},
        {"ec2:SourceInstanceArn", "whenever the role session is created by an EC2 instance",
         Who::instance, "arn:aws:ec2:us-east-1:111122223333:instance/i-0123"},
        {"ec2:SourceInstanceARN", "condition key names are not case-sensitive", Who::instance,
         "arn:aws:ec2:us-east-1:111122223333:instance/i-0123"},
        {"glue:RoleAssumedBy", "when AWS Glue makes a request", Who::instance, std::nullopt},
        {"glue:CredentialIssuingService", "when AWS Glue makes a request", Who::instance,
         std::nullopt},
        {"codebuild:BuildArn", "a role assumed by CodeBuild", Who::instance, std::nullopt},
        {"codebuild:ProjectArn", "a role assumed by CodeBuild", Who::instance, std::nullopt},
        {"lambda:SourceFunctionArn", "whenever Lambda function code is invoked", Who::instance,
         std::nullopt},
        {"ssm:SourceInstanceArn", "not present with an EC2 instance profile", Who::instance,
         std::nullopt},
        {"identitystore:UserId", "when the caller is a user in IAM Identity Center", Who::user,
         std::nullopt},
    };
}

std::vector<Row> request_rows() {
    constexpr auto direct = "not present when the principal makes the call directly";
    constexpr auto by_service = "only when the call is made directly by an AWS service principal";
    return {
        {"aws:SourceIp", "included, except when the requester uses a VPC endpoint", Who::user,
         "203.0.113.7"},
        {"aws:ResourceAccount", "always included for most service actions", Who::user,
         "111122223333"},
        {"aws:ResourceTag/stage", "when the resource has attached tags", Who::user, "prod"},
        {"aws:CalledVia", direct, Who::user, std::nullopt},
        {"aws:CalledViaFirst", direct, Who::user, std::nullopt},
        {"aws:CalledViaLast", direct, Who::user, std::nullopt},
        {"aws:CalledViaAWSMCP", "a request through an AWS MCP server", Who::user, std::nullopt},
        {"aws:ViaAWSService", "always included; false if the principal calls directly", Who::user,
         "false"},
        {"aws:ViaAWSMCPService", "a request through an AWS MCP server", Who::user, std::nullopt},
        {"aws:IsMcpServiceAction", "a request through an AWS MCP server", Who::user, std::nullopt},
        {"aws:CurrentTime", "always included in the request context", Who::user,
         "2026-03-04T05:06:07.000Z"},
        {"aws:EpochTime", "always included in the request context", Who::user, "1772600767"},
        {"aws:referer", "only if the request has the HTTP header", Who::user,
         "https://example.com/"},
        {"aws:RequestedRegion", "always included in the request context", Who::user, "us-east-1"},
        {"aws:SecureTransport", "always included in the request context", Who::user, "false"},
        {"aws:SourceAccount", by_service, Who::user, std::nullopt},
        {"aws:SourceArn", by_service, Who::user, std::nullopt},
        {"aws:SourceOrgID", by_service, Who::user, std::nullopt},
        {"aws:SourceOrgPaths", by_service, Who::user, std::nullopt},
        {"aws:UserAgent", "always included in the request context", Who::user, "tester/1.0"},
    };
}

std::vector<Row> kms_rows() {
    constexpr auto of_key = "controls access to operations based on a property of the KMS key";
    constexpr auto of_request = "the value of the parameter in the request";
    const Row row{"", "", Who::user, std::nullopt};
    const auto has = [](std::string key, std::string words, std::string value) {
        return Row{std::move(key), std::move(words), Who::user, std::move(value)};
    };
    const json::object rsa_message = {{"Message", "AAAA"}, {"SigningAlgorithm", "ECDSA_SHA_256"}};
    const json::object mac_message = {{"Message", "AAAA"}, {"MacAlgorithm", "HMAC_SHA_256"}};
    const json::object grant = {
        {"GranteePrincipal", InMemoryKms::tester},
        {"RetiringPrincipal", InMemoryKms::tester},
        {"Operations", json::array{"Encrypt"}},
        {"Constraints", json::object{{"EncryptionContextSubset", json::object{{"a", "b"}}}}}};
    const json::object wrapping = {{"WrappingAlgorithm", "RSAES_OAEP_SHA_256"},
                                   {"WrappingKeySpec", "RSA_2048"}};
    const json::object imported = {
        {"ImportToken", "AAAA"}, {"EncryptedKeyMaterial", "AAAA"}, {"ValidTo", 1772687167}};
    const json::array tag = {json::object{{"TagKey", "a"}, {"TagValue", "b"}}};
    return {
        has("kms:BypassPolicyLockoutSafetyCheck", of_request, "true")
            .of("PutKeyPolicy", {{"Policy", policy::default_key_policy("aws", "111122223333")},
                                 {"BypassPolicyLockoutSafetyCheck", true}}),
        has("kms:CallerAccount", "all KMS key resource operations", "111122223333"),
        has("kms:CustomerMasterKeySpec", "deprecated; it is still effective", "SYMMETRIC_DEFAULT"),
        has("kms:CustomerMasterKeyUsage", "deprecated; it is still effective", "ENCRYPT_DECRYPT"),
        has("kms:KeySpec", of_key, "SYMMETRIC_DEFAULT"),
        has("kms:KeyUsage", of_key, "ENCRYPT_DECRYPT"),
        has("kms:KeyOrigin", of_key, "AWS_KMS"),
        has("kms:MultiRegion", of_key, "false"),
        Row{"kms:MultiRegionKeyType", "only for multi-Region keys", Who::user, std::nullopt},
        has("kms:RequestAlias", "the alias that identifies the KMS key in the request",
            "alias/app"),
        Row{"kms:ResourceAliases", "in IAM policies only", Who::user, std::nullopt},
        has("kms:EncryptionAlgorithm", of_request, "SYMMETRIC_DEFAULT"),
        has("kms:EncryptionContext:App", "the encryption context in a cryptographic operation",
            "demo")
            .of("Encrypt",
                {{"Plaintext", "AAAA"}, {"EncryptionContext", json::object{{"App", "demo"}}}}),
        has("kms:EncryptionContextKeys", "the keys of the encryption context", "App")
            .of("Encrypt",
                {{"Plaintext", "AAAA"}, {"EncryptionContext", json::object{{"App", "demo"}}}}),
        has("kms:DataKeyPairSpec", of_request, "ECC_NIST_P256")
            .of("GenerateDataKeyPairWithoutPlaintext", {{"KeyPairSpec", "ECC_NIST_P256"}}),
        has("kms:SigningAlgorithm", of_request, "ECDSA_SHA_256")
            .of("Sign", rsa_message, "ECC_NIST_P256", "SIGN_VERIFY"),
        has("kms:MessageType", of_request, "RAW")
            .of("Sign", rsa_message, "ECC_NIST_P256", "SIGN_VERIFY"),
        has("kms:MacAlgorithm", of_request, "HMAC_SHA_256")
            .of("GenerateMac", mac_message, "HMAC_256", "GENERATE_VERIFY_MAC"),
        has("kms:KeyAgreementAlgorithm", of_request, "ECDH")
            .of("DeriveSharedSecret", {{"KeyAgreementAlgorithm", "ECDH"}, {"PublicKey", "AAAA"}},
                "ECC_NIST_P256", "KEY_AGREEMENT"),
        has("kms:ScheduleKeyDeletionPendingWindowInDays", of_request, "7")
            .of("ScheduleKeyDeletion", {{"PendingWindowInDays", 7}}),
        has("kms:RotationPeriodInDays", of_request, "180")
            .of("EnableKeyRotation", {{"RotationPeriodInDays", 180}}),
        has("kms:GranteePrincipal", of_request, InMemoryKms::tester).of("CreateGrant", grant),
        has("kms:RetiringPrincipal", of_request, InMemoryKms::tester).of("CreateGrant", grant),
        has("kms:GrantOperations", of_request, "Encrypt").of("CreateGrant", grant),
        has("kms:GrantConstraintType", of_request, "EncryptionContextSubset")
            .of("CreateGrant", grant),
        has("kms:GrantIsForAWSResource", "CreateGrant, ListGrants, RevokeGrant", "false")
            .of("CreateGrant", grant),
        Row{"kms:GrantIsForAWSResource", "CreateGrant, ListGrants, RevokeGrant", Who::user,
            std::nullopt},
        Row{"kms:GrantConstraintSourceArn", "a grant to a service principal", Who::user,
            std::nullopt}
            .of("CreateGrant", grant),
        Row{"kms:GranteeServicePrincipal", "a grant to a service principal", Who::user,
            std::nullopt}
            .of("CreateGrant", grant),
        Row{"kms:RetiringServicePrincipal", "a grant to a service principal", Who::user,
            std::nullopt}
            .of("CreateGrant", grant),
        has("kms:WrappingAlgorithm", of_request, "RSAES_OAEP_SHA_256")
            .of("GetParametersForImport", wrapping),
        has("kms:WrappingKeySpec", of_request, "RSA_2048").of("GetParametersForImport", wrapping),
        has("kms:ExpirationModel", of_request, "KEY_MATERIAL_EXPIRES")
            .of("ImportKeyMaterial", imported),
        has("kms:ValidTo", of_request, "2026-03-05T05:06:07.000Z")
            .of("ImportKeyMaterial", imported),
        has("kms:ReplicaRegion", of_request, "eu-west-1")
            .of("ReplicateKey", {{"ReplicaRegion", "eu-west-1"}}),
        has("aws:RequestTag/a", "the tag key-value pair that was passed in the request", "b")
            .of("TagResource", {{"Tags", tag}}),
        has("aws:TagKeys", "the tag keys in a request", "a").of("TagResource", {{"Tags", tag}}),
        has("aws:TagKeys", "the tag keys in a request", "a")
            .of("UntagResource", {{"TagKeys", json::array{"a"}}}),
        Row{"kms:TrailingDaysWithoutKeyUsage", "DisableKey and ScheduleKeyDeletion", Who::user,
            std::nullopt},
        Row{"kms:ViaService", "only when the request comes from an AWS service", Who::user,
            std::nullopt},
        Row{"kms:RecipientAttestation:ImageSha384", "only with a Recipient", Who::user,
            std::nullopt},
        Row{"kms:RecipientAttestation:PCR0", "only with a Recipient", Who::user, std::nullopt},
        Row{"kms:RecipientAttestation:NitroTPMPCR4", "only with a document of a NitroTPM",
            Who::user, std::nullopt},
    };
}

std::vector<Row> all_rows() {
    std::vector<Row> rows = principal_rows();
    for (const auto& more : {request_rows(), kms_rows()})
        rows.insert(rows.end(), more.begin(), more.end());
    return rows;
}

// What a row's request is answered if the key's policy has a Deny with this condition.
Outcome ask_with_deny(const Row& row, std::string_view condition) {
    InMemoryKms kms(caller(row.who));
    kms.directory.set_tags(InMemoryKms::tester, {{"team", "ops"}});
    const std::string key = kms.create_key(row.spec, row.usage);
    kms.ask("CreateAlias", {{"AliasName", "alias/app"}, {"TargetKeyId", key}});
    EXPECT_TRUE(kms.keys->set_tags(key, {{"stage", "prod"}}));
    EXPECT_TRUE(kms.keys->set_policy(key, fmt::format(R"({{"Version": "2012-10-17", "Statement": [
        {{"Effect": "Allow", "Principal": {{"AWS": "*"}}, "Action": "kms:*", "Resource": "*"}},
        {{"Sid": "Deny", "Effect": "Deny", "Principal": "*", "Action": "kms:{}", "Resource": "*",
          "Condition": {{{}}}}}]}})",
                                                      row.operation, condition)));
    json::object input = row.input;
    input["KeyId"] = row.key == "kms:RequestAlias" ? "alias/app" : key;
    return kms.ask(row.operation, input);
}

class ConditionKeys : public ::testing::TestWithParam<Row> {};

TEST_P(ConditionKeys, AreInTheRequestAsAwsSetsThem) {
    const Row& row = GetParam();
    const auto present = ask_with_deny(row, fmt::format(R"("Null": {{"{}": "false"}})", row.key));
    EXPECT_EQ(present.exception, row.value ? "AccessDeniedException" : "") << present.explanation;
    if (!row.value)
        return;
    const auto equal = ask_with_deny(
        row, fmt::format(R"("ForAnyValue:StringEquals": {{"{}": "{}"}})", row.key, *row.value));
    EXPECT_EQ(equal.exception, "AccessDeniedException") << present.explanation;
}

TEST(ConditionKey, ReEncryptSaysWhetherBothKeysAreTheSame) {
    for (const bool same : {true, false}) {
        InMemoryKms kms;
        const std::string key = kms.create_key("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT");
        const std::string other =
            same ? key : kms.create_key("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT");
        const std::string blob =
            kms.ask("Encrypt", {{"KeyId", key}, {"Plaintext", "AAAA"}}).text("CiphertextBlob");
        EXPECT_TRUE(kms.keys->set_policy(key, R"({"Statement": [
            {"Effect": "Allow", "Principal": "*", "Action": "kms:*", "Resource": "*"},
            {"Effect": "Deny", "Principal": "*", "Action": "kms:ReEncryptFrom", "Resource": "*",
             "Condition": {"Bool": {"kms:ReEncryptOnSameKey": "true"}}}]})"));
        EXPECT_EQ(
            kms.ask("ReEncrypt", {{"CiphertextBlob", blob}, {"DestinationKeyId", other}}).exception,
            same ? "AccessDeniedException" : "");
    }
}

TEST(ConditionKey, OfTheAliasesOfAKeyIsForIamPoliciesAlone) {
    constexpr auto allow = R"({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", %s
        "Action": "kms:Encrypt", "Resource": "*", "Condition": {"ForAnyValue:StringEquals":
        {"kms:ResourceAliases": "alias/app"}}}]})";
    const auto statement = [&](std::string_view principal) {
        std::string text = allow;
        return text.replace(text.find("%s"), 2, principal);
    };
    for (const bool in_key_policy : {true, false}) {
        InMemoryKms kms;
        const std::string key = kms.create_key("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT");
        kms.ask("CreateAlias", {{"AliasName", "alias/app"}, {"TargetKeyId", key}});
        kms.directory.require_entries();
        kms.directory.add_entity(InMemoryKms::tester);
        if (in_key_policy)
            EXPECT_TRUE(kms.keys->set_policy(key, statement(R"("Principal": "*",)")));
        else
            EXPECT_TRUE(kms.directory.add_policy(InMemoryKms::tester, "Use", statement("")));
        const Outcome outcome = kms.ask("Encrypt", {{"KeyId", key}, {"Plaintext", "AAAA"}});
        EXPECT_EQ(outcome.exception, in_key_policy ? "AccessDeniedException" : "");
        if (in_key_policy) {
            EXPECT_THAT(outcome.explanation, HasSubstr("only IAM policies can test it"));
        }
    }
}

// Every key has a row, or is one of those that are not emulated, which have tests below.
TEST(ConditionKey, IsInTheTable) {
    const std::vector<Row> rows = all_rows();
    for (const policy::ConditionKey& key : policy::condition_keys()) {
        // UpdatePrimaryRegion is not emulated; ReEncrypt has two keys and a test of its own.
        if (key.availability == Availability::not_emulated || key.name == "kms:PrimaryRegion" ||
            key.name == "kms:ReEncryptOnSameKey")
            continue;
        EXPECT_TRUE(std::any_of(rows.begin(), rows.end(), [&key](const Row& row) {
            return policy::find_condition_key(row.key) == &key;
        })) << key.name;
    }
}

INSTANTIATE_TEST_SUITE_P(Keys, ConditionKeys, ::testing::ValuesIn(all_rows()), [](const auto& one) {
    std::string name = one.param.key + std::to_string(one.index);
    std::erase_if(name, [](char c) { return !std::isalnum(c); });
    return name;
});

std::vector<std::string> unknown_keys() {
    std::vector<std::string> keys;
    for (const policy::ConditionKey& key : policy::condition_keys())
        if (key.availability == Availability::not_emulated)
            keys.emplace_back(key.name);
    return keys;
}

class UnknownKeys : public ::testing::TestWithParam<std::string> {
  protected:
    // An instance's request of the operation that has them all.
    [[nodiscard]] Row row() const {
        return Row{GetParam(), "", Who::instance, std::nullopt}.of("DisableKey", {});
    }
};

// A Deny whose condition AWS might meet applies: nothing passes here that is refused there.
TEST_P(UnknownKeys, MakeADenyApplyAndSaySo) {
    for (const auto* condition :
         {R"("StringEquals": {{"{}": "x"}})", R"("Null": {{"{}": "false"}})",
          R"("StringNotEqualsIfExists": {{"{}": "x"}})"}) {
        const auto outcome = ask_with_deny(row(), fmt::format(fmt::runtime(condition), GetParam()));
        EXPECT_EQ(outcome.exception, "AccessDeniedException");
        EXPECT_THAT(outcome.explanation, HasSubstr(GetParam() + " is not emulated"));
        EXPECT_THAT(outcome.explanation, HasSubstr("so this Deny applies"));
    }
    const auto by_variable = ask_with_deny(
        row(), fmt::format(R"("StringEquals": {{"aws:username": "${{{}}}"}})", GetParam()));
    EXPECT_EQ(by_variable.exception, "AccessDeniedException");
    EXPECT_THAT(by_variable.explanation, HasSubstr(GetParam() + " is not emulated"));
}

TEST_P(UnknownKeys, AreDecidedByTheValueThatTheSceneGives) {
    const auto ask = [&](std::vector<std::string> values, std::string_view deny) {
        policy::RequestContext context;
        context.set(GetParam(), std::move(values));
        InMemoryKms kms(caller(Who::instance), context);
        const std::string key = kms.create_key("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT");
        EXPECT_TRUE(
            kms.keys->set_policy(key, fmt::format(R"({{"Version": "2012-10-17", "Statement": [
            {{"Effect": "Allow", "Principal": "*", "Action": "kms:*", "Resource": "*"}},
            {{"Effect": "Deny", "Principal": "*", "Action": "kms:DisableKey", "Resource": "*",
              "Condition": {{{}}}}}]}})",
                                                  deny)));
        return kms.ask("DisableKey", {{"KeyId", key}}).exception;
    };
    const std::string equals = fmt::format(R"("StringEquals": {{"{}": "x"}})", GetParam());
    EXPECT_EQ(ask({"x"}, equals), "AccessDeniedException");
    EXPECT_EQ(ask({"y"}, equals), "");
    EXPECT_EQ(ask({}, equals), "");
    EXPECT_EQ(ask({}, fmt::format(R"("Null": {{"{}": "true"}})", GetParam())),
              "AccessDeniedException");
}

INSTANTIATE_TEST_SUITE_P(Keys, UnknownKeys, ::testing::ValuesIn(unknown_keys()),
                         [](const auto& one) {
                             std::string name = one.param;
                             std::erase_if(name, [](char c) { return !std::isalnum(c); });
                             return name;
                         });

TEST(ConditionKey, IsFoundInAnyCaseAndWithItsName) {
    for (const auto* name : {"AWS:PRINCIPALARN", "aws:principalorgid", "kms:EncryptionContext:a",
                             "aws:ResourceTag/x", "kms:RecipientAttestation:PCR31"})
        EXPECT_NE(policy::find_condition_key(name), nullptr) << name;
    for (const auto* name : {"aws:PrincipalArns", "kms:EncryptionContext:", "aws:ResourceTag/",
                             "kms:RecipientAttestation:PCR32", "kms:RecipientAttestation:PCR07",
                             "kms:RecipientAttestation", "s3:prefix", ""})
        EXPECT_EQ(policy::find_condition_key(name), nullptr) << name;
}

}  // namespace
}  // namespace glovebox::kms::testing
