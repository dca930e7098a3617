// A table of policies and requests: each with the verdict that AWS's rules give, and with what the
// explanation has to say. A case is a Decrypt unless it says otherwise.
#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>

#include "sim/kms/policy/decision.h"
#include "sim/kms/policy/reason.h"
#include "sim/kms/recipient.h"
#include "sim/kms/testing/enclave.h"

namespace glovebox::kms {
namespace {

using namespace std::chrono_literals;
using policy::AccessRequest;
using policy::PolicyKind;
using policy::RecipientState;
using policy::Verdict;
using ::testing::HasSubstr;

const std::string account = "111122223333";
const std::string key_arn = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
const std::string role_arn = "arn:aws:iam::111122223333:role/parent";
const std::string foreign_role = "arn:aws:iam::444455556666:role/visitor";
const TimePoint now = parse_time("2026-03-04T05:06:07Z").value();

std::string hex(int pcr) {
    return to_hex(testing::measured(pcr));
}
std::string upper(std::string text) {
    for (char& c : text)
        c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    return text;
}
const std::string zeros(96, '0');

// "Condition": {operator: {key: value}}; several are written out.
std::string condition(std::string_view op, std::string_view key, std::string_view value) {
    return fmt::format(R"("{}": {{"{}": "{}"}})", op, key, value);
}
std::string pcr_condition(std::string_view op, std::string_view suffix, std::string_view value) {
    return condition(op, fmt::format("kms:RecipientAttestation:{}", suffix), value);
}

struct StatementText {
    std::string sid = "S";
    std::string effect = "Allow";
    std::string principal = role_arn;
    std::string action = "kms:Decrypt";
    std::string conditions = "";
    std::string more = R"("Resource": "*")";
};

std::string text_of(const StatementText& s, PolicyKind kind) {
    std::string out = fmt::format(R"({{"Sid": "{}", "Effect": "{}")", s.sid, s.effect);
    if (s.principal.starts_with('!'))
        out += fmt::format(R"(, "NotPrincipal": {{"AWS": "{}"}})", s.principal.substr(1));
    else if (kind == PolicyKind::key)
        out += s.principal.starts_with('{') || s.principal.starts_with('"')
                   ? fmt::format(R"(, "Principal": {})", s.principal)
                   : fmt::format(R"(, "Principal": {{"AWS": "{}"}})", s.principal);
    if (!s.action.empty())
        out += fmt::format(R"(, "Action": "{}")", s.action);
    if (!s.more.empty())
        out += ", " + s.more;
    if (!s.conditions.empty())
        out += fmt::format(R"(, "Condition": {{{}}})", s.conditions);
    return out + "}";
}

std::string policy_of(const std::vector<StatementText>& statements, PolicyKind kind) {
    std::string out;
    for (const auto& statement : statements)
        out += (out.empty() ? "" : ", ") + text_of(statement, kind);
    return fmt::format(R"({{"Version": "2012-10-17", "Statement": [{}]}})", out);
}

// What the case sends for a Recipient.
enum class Sent {
    nothing,
    release,   // measured PCR0, 1, 2 and 8, PCR3 of the role
    debug,     // the same image in debug mode
    plain,     // no signature on the image, no role on the parent
    aged,      // the release enclave's document, 4 hours old
    early,     // ... from a clock that is an hour ahead
    other_root,
    keyless,   // no public_key
    elliptic,  // a P-256 key in public_key
    cut,       // the document without its last byte
    forged,    // one bit of the signature changed
    aws_in_time,  // a real document, judged at its own time with AWS's root
    aws_today,    // the same document, years later
    aws_keyed,    // at its own time again, and to be answered: its public_key is PEM
};

struct Case {
    std::string name;
    std::vector<StatementText> key_policy;
    Sent sent = Sent::nothing;
    Verdict verdict = Verdict::allowed;
    std::string explanation;  // a part of it
    std::vector<StatementText> identity_policy = {};
    std::string action = "kms:Decrypt";
    std::string caller = role_arn;
    std::function<void(policy::RequestContext&)> context = {};
    bool document_refused = false;  // before any policy is asked
};

void PrintTo(const Case& one, std::ostream* out) {
    *out << one.name;
}

std::vector<Case> with_attestation() {
    const auto only = [](std::string conditions, std::string effect = "Allow") {
        return std::vector<StatementText>{
            {"Enclave", std::move(effect), role_arn, "kms:Decrypt", std::move(conditions)}};
    };
    const std::vector<StatementText> lock = {
        {"Everyone", "Allow", role_arn, "kms:*"},
        {"Lock", "Deny", "*", "kms:Decrypt",
         pcr_condition("StringNotEqualsIgnoreCase", "ImageSha384", hex(0))}};
    return {
        {"ImageSha384IsPcr0", only(pcr_condition("StringEqualsIgnoreCase", "ImageSha384", hex(0))),
         Sent::release, Verdict::allowed, "statement \"Enclave\" of the key policy allows it"},
        {"Pcr0MayBeUpperCaseWhenCaseIsIgnored",
         only(pcr_condition("StringEqualsIgnoreCase", "PCR0", upper(hex(0)))), Sent::release,
         Verdict::allowed, "allows it"},
        {"UpperCaseNeverEqualsExactly", only(pcr_condition("StringEquals", "PCR0", upper(hex(0)))),
         Sent::release, Verdict::no_key_policy_allows,
         "it differs in case alone: StringEquals compares exactly; use StringEqualsIgnoreCase"},
        {"LowerCaseEqualsExactly", only(pcr_condition("StringEquals", "PCR0", hex(0))),
         Sent::release, Verdict::allowed, "allows it"},
        {"Pcr1", only(pcr_condition("StringEqualsIgnoreCase", "PCR1", hex(1))), Sent::release,
         Verdict::allowed, "allows it"},
        {"Pcr2", only(pcr_condition("StringEqualsIgnoreCase", "PCR2", hex(2))), Sent::release,
         Verdict::allowed, "allows it"},
        {"Pcr3IsTheRole",
         only(pcr_condition("StringEqualsIgnoreCase", "PCR3",
                            to_hex(nsm::extended(nsm::Pcr{}, as_bytes(role_arn))))),
         Sent::release, Verdict::allowed, "allows it"},
        {"Pcr4IsTheInstance",
         only(pcr_condition("StringEqualsIgnoreCase", "PCR4",
                            to_hex(nsm::extended(nsm::Pcr{}, as_bytes("i-0123456789abcdef0"))))),
         Sent::release, Verdict::allowed, "allows it"},
        {"Pcr8IsTheSigner", only(pcr_condition("StringEqualsIgnoreCase", "PCR8", hex(8))),
         Sent::release, Verdict::allowed, "allows it"},
        {"AnotherImage", only(pcr_condition("StringEqualsIgnoreCase", "ImageSha384", hex(7))),
         Sent::release, Verdict::no_key_policy_allows,
         fmt::format("StringEqualsIgnoreCase kms:RecipientAttestation:ImageSha384: expected \"{}\", "
                     "found \"{}\"",
                     hex(7), hex(0))},
        {"Pcr1WherePcr0WasMeant", only(pcr_condition("StringEqualsIgnoreCase", "PCR0", hex(1))),
         Sent::release, Verdict::no_key_policy_allows, "the expected value is the document's PCR1"},
        {"DebugEnclavesHaveZeros", only(pcr_condition("StringEqualsIgnoreCase", "PCR0", hex(0))),
         Sent::debug, Verdict::no_key_policy_allows,
         "PCR0 is all zero: the enclave runs in debug mode"},
        {"DebugImageSha384IsZeroToo",
         only(pcr_condition("StringEqualsIgnoreCase", "ImageSha384", hex(0))), Sent::debug,
         Verdict::no_key_policy_allows, "PCR0 is all zero: the enclave runs in debug mode"},
        {"DebugPcr8IsZero", only(pcr_condition("StringEqualsIgnoreCase", "PCR8", hex(8))),
         Sent::debug, Verdict::no_key_policy_allows, "PCR8 is all zero"},
        {"NinetySixZerosAllowDebug", only(pcr_condition("StringEqualsIgnoreCase", "PCR0", zeros)),
         Sent::debug, Verdict::allowed, "allows it"},
        {"NinetySixZerosRefuseRelease",
         only(pcr_condition("StringEqualsIgnoreCase", "PCR0", zeros)), Sent::release,
         Verdict::no_key_policy_allows,
         "all zero was expected, which is a debug enclave, and this one is none"},
        {"UnsignedImageHasNoPcr8", only(pcr_condition("StringEqualsIgnoreCase", "PCR8", hex(8))),
         Sent::plain, Verdict::no_key_policy_allows,
         "PCR8 is all zero: the image is not signed, or the enclave runs in debug mode"},
        {"NoRoleNoPcr3", only(pcr_condition("StringEqualsIgnoreCase", "PCR3", hex(3))), Sent::plain,
         Verdict::no_key_policy_allows, "PCR3 is all zero: the parent instance has no IAM role"},
        {"NoRecipient", only(pcr_condition("StringEqualsIgnoreCase", "PCR0", hex(0))), Sent::nothing,
         Verdict::no_key_policy_allows, "found nothing (no Recipient was sent)"},
        {"UnlockedPcrsAreNotInTheDocument",
         only(pcr_condition("StringEqualsIgnoreCase", "PCR31", hex(0))), Sent::release,
         Verdict::no_key_policy_allows, "the document has no PCR31: only locked PCRs are in it"},
        {"NitroTpmKeysAreNotAnEnclaves",
         only(pcr_condition("StringEqualsIgnoreCase", "NitroTPMPCR4", hex(0))), Sent::release,
         Verdict::no_key_policy_allows, "exists in NitroTPM documents alone"},
        {"TheBareKeyIsNone", only(condition("StringEquals", "kms:RecipientAttestation", hex(0))),
         Sent::release, Verdict::no_key_policy_allows,
         "kms:RecipientAttestation alone is no condition key"},
        {"Pcr32IsNone", only(pcr_condition("StringEquals", "PCR32", hex(0))), Sent::release,
         Verdict::no_key_policy_allows,
         "no request here has a condition key kms:RecipientAttestation:PCR32"},
        {"HexWithPrefixCannotMatch",
         only(pcr_condition("StringEqualsIgnoreCase", "PCR1", "0x" + hex(1))), Sent::release,
         Verdict::no_key_policy_allows, "KMS writes a PCR without 0x"},
        {"ShortHexCannotMatch",
         only(pcr_condition("StringEqualsIgnoreCase", "PCR1", hex(1).substr(0, 64))), Sent::release,
         Verdict::no_key_policy_allows, "a PCR is 96 hexadecimal digits, this value has 64"},
        {"AWildcardNeedsStringLike",
         only(pcr_condition("StringEquals", "PCR0", hex(0).substr(0, 8) + "*")), Sent::release,
         Verdict::no_key_policy_allows, "no wildcards with StringEquals: use StringLike"},
        {"StringLikeKnowsWildcards",
         only(pcr_condition("StringLike", "PCR0", hex(0).substr(0, 8) + "*")), Sent::release,
         Verdict::allowed, "allows it"},
        {"OneOfSeveralImages",
         only(fmt::format(R"("StringEqualsIgnoreCase": {{"kms:RecipientAttestation:PCR0": ["{}", "{}"]}})",
                          hex(5), hex(0))),
         Sent::release, Verdict::allowed, "allows it"},
        {"AllConditionsMustHold",
         only(pcr_condition("StringEqualsIgnoreCase", "PCR0", hex(0)) + ", " +
              pcr_condition("StringEquals", "PCR8", hex(9))),
         Sent::release, Verdict::no_key_policy_allows,
         "a condition is not met: StringEquals kms:RecipientAttestation:PCR8"},
        {"KeyNamesIgnoreCase",
         only(condition("StringEqualsIgnoreCase", "KMS:recipientattestation:imagesha384", hex(0))),
         Sent::release, Verdict::allowed, "allows it"},
        {"ADenyLockRefusesWhoSendsNoDocument", lock, Sent::nothing, Verdict::denied_by_key_policy,
         "statement \"Lock\" of the key policy denies it: StringNotEqualsIgnoreCase "
         "kms:RecipientAttestation:ImageSha384"},
        {"ADenyLockNamesTheMissingRecipient", lock, Sent::nothing, Verdict::denied_by_key_policy,
         "found nothing (no Recipient was sent)"},
        {"ADenyLockLetsTheImagePass", lock, Sent::release, Verdict::allowed,
         "statement \"Everyone\" of the key policy allows it"},
        {"ADenyLockRefusesDebug", lock, Sent::debug, Verdict::denied_by_key_policy,
         "PCR0 is all zero: the enclave runs in debug mode"},
        {"ADenyWithEqualsLetsPassWhoSendsNothing",
         {{"Everyone", "Allow", role_arn, "kms:*"},
          {"Blocklist", "Deny", "*", "kms:Decrypt",
           pcr_condition("StringEquals", "PCR0", hex(0))}},
         Sent::nothing, Verdict::allowed, "statement \"Everyone\" of the key policy allows it"},
        {"ADenyWithEqualsRefusesThatImage",
         {{"Everyone", "Allow", role_arn, "kms:*"},
          {"Blocklist", "Deny", "*", "kms:Decrypt",
           pcr_condition("StringEquals", "PCR0", hex(0))}},
         Sent::release, Verdict::denied_by_key_policy, "statement \"Blocklist\""},
        {"NullTrueDeniesWithoutADocument",
         {{"Everyone", "Allow", role_arn, "kms:*"},
          {"Null", "Deny", "*", "kms:Decrypt", pcr_condition("Null", "ImageSha384", "true")}},
         Sent::nothing, Verdict::denied_by_key_policy, "no Recipient was sent"},
        {"NullTrueLetsADocumentPass",
         {{"Everyone", "Allow", role_arn, "kms:*"},
          {"Null", "Deny", "*", "kms:Decrypt", pcr_condition("Null", "ImageSha384", "true")}},
         Sent::release, Verdict::allowed, "allows it"},
        {"ASecondAllowVoidsTheCondition",
         {{"Enclave", "Allow", role_arn, "kms:Decrypt",
           pcr_condition("StringEqualsIgnoreCase", "PCR0", hex(0))},
          {"Admin", "Allow", role_arn, "kms:*"}},
         Sent::nothing, Verdict::allowed,
         "note that statement \"Enclave\" of the key policy asks for attestation"},
        {"RootPlusIamVoidsTheConditionToo",
         {{"Root", "Allow", "arn:aws:iam::111122223333:root", "kms:*"},
          {"Enclave", "Allow", role_arn, "kms:Decrypt",
           pcr_condition("StringEqualsIgnoreCase", "PCR0", hex(0))}},
         Sent::nothing, Verdict::allowed, "asks for attestation",
         {{"Admin", "Allow", "", "kms:*"}}},
        {"SignNeverHasAttestationKeys",
         {{"Enclave", "Allow", role_arn, "kms:Sign",
           pcr_condition("StringEqualsIgnoreCase", "PCR0", hex(0))}},
         Sent::nothing, Verdict::no_key_policy_allows,
         "kms:Sign carries no Recipient, so attestation keys never exist on it", {}, "kms:Sign"},
        {"AttestationInAnIamPolicy",
         {{"Root", "Allow", account, "kms:*"}}, Sent::debug, Verdict::no_identity_policy_allows,
         "PCR0 is all zero: the enclave runs in debug mode",
         {{"Iam", "Allow", "", "kms:Decrypt",
           pcr_condition("StringEqualsIgnoreCase", "ImageSha384", hex(0))}}},
        {"AnExpiredDocument", only(pcr_condition("StringEqualsIgnoreCase", "PCR0", hex(0))),
         Sent::aged, Verdict::allowed, "expired 60 min ago", {}, "kms:Decrypt", role_arn, {}, true},
        {"ADocumentOfAFastClock", only(pcr_condition("StringEqualsIgnoreCase", "PCR0", hex(0))),
         Sent::early, Verdict::allowed, "becomes valid in 59 min", {}, "kms:Decrypt", role_arn, {},
         true},
        {"AnotherRoot", only(pcr_condition("StringEqualsIgnoreCase", "PCR0", hex(0))),
         Sent::other_root, Verdict::allowed, "root", {}, "kms:Decrypt", role_arn, {}, true},
        {"ADocumentWithoutAKey", only(pcr_condition("StringEqualsIgnoreCase", "PCR0", hex(0))),
         Sent::keyless, Verdict::allowed, "the document has no public_key", {}, "kms:Decrypt",
         role_arn, {}, true},
        {"AnEllipticKey", only(pcr_condition("StringEqualsIgnoreCase", "PCR0", hex(0))),
         Sent::elliptic, Verdict::allowed, "public_key is no RSA key", {}, "kms:Decrypt", role_arn,
         {}, true},
        {"ACutDocument", only(pcr_condition("StringEqualsIgnoreCase", "PCR0", hex(0))), Sent::cut,
         Verdict::allowed, "", {}, "kms:Decrypt", role_arn, {}, true},
        {"AForgedSignature", only(pcr_condition("StringEqualsIgnoreCase", "PCR0", hex(0))),
         Sent::forged, Verdict::allowed, "signature", {}, "kms:Decrypt", role_arn, {}, true},
        {"AnAwsDocumentAtItsOwnTime",
         only(pcr_condition("StringEqualsIgnoreCase", "ImageSha384",
                            "f8bb0133c427bc49aa39f6811a01077ce9ab7e635fa1f5439c9c8bf99754f8230e41b0"
                            "9426b0e595eebdc4d6ed4bc3b6")),
         Sent::aws_in_time, Verdict::allowed, "allows it"},
        {"AnAwsDocumentOfAnotherImage",
         only(pcr_condition("StringEqualsIgnoreCase", "ImageSha384", hex(0))), Sent::aws_in_time,
         Verdict::no_key_policy_allows, "found \"f8bb0133c427bc49"},
        {"AnAwsDocumentWithAPemKey", only(pcr_condition("StringEqualsIgnoreCase", "PCR0", hex(0))),
         Sent::aws_keyed, Verdict::allowed, "it is PEM text, KMS wants the DER inside", {},
         "kms:Decrypt", role_arn, {}, true},
        {"AnAwsDocumentYearsLater", only(pcr_condition("StringEqualsIgnoreCase", "PCR0", hex(0))),
         Sent::aws_today, Verdict::allowed, "expired", {}, "kms:Decrypt", role_arn, {}, true},
    };
}

std::vector<Case> without_attestation() {
    const auto allow = [](std::string conditions) {
        return std::vector<StatementText>{
            {"S", "Allow", role_arn, "kms:Decrypt", std::move(conditions)}};
    };
    const auto with = [](std::string key, std::vector<std::string> values) {
        return [key, values](policy::RequestContext& context) { context.set(key, values); };
    };
    const std::string ec = "kms:EncryptionContext:App";
    const std::vector<StatementText> root = {
        {"Root", "Allow", "arn:aws:iam::111122223333:root", "kms:*"}};
    const auto when = [&](std::string name, std::string conditions, Verdict verdict,
                          std::string explanation, std::string key = "",
                          std::vector<std::string> values = {}) {
        Case one{std::move(name), allow(std::move(conditions)), Sent::nothing, verdict,
                 std::move(explanation)};
        if (!key.empty())
            one.context = with(std::move(key), std::move(values));
        return one;
    };
    const auto yes = Verdict::allowed;
    const auto no = Verdict::no_key_policy_allows;
    return {
        {"DirectAllowNeedsNoIam", allow(""), Sent::nothing, yes,
         "statement \"S\" of the key policy allows it"},
        {"RootAloneAllowsNobody", root, Sent::nothing, Verdict::no_identity_policy_allows,
         "leaves it to the IAM policies of account 111122223333: no IAM policy of " + role_arn},
        {"RootAndIamAllow", root, Sent::nothing, yes,
         "leaves it to the account's IAM policies, and statement \"Iam\"",
         {{"Iam", "Allow", "", "kms:Decrypt"}}},
        {"IamAloneAllowsNobody", {{"S", "Allow", foreign_role, "kms:*"}}, Sent::nothing, no,
         "no statement of the key policy is for", {{"Iam", "Allow", "", "kms:*"}}},
        {"RootWithinItsActions", {{"Root", "Allow", account, "kms:Encrypt"}}, Sent::nothing, no,
         "is for this caller, but not for kms:Decrypt", {{"Iam", "Allow", "", "kms:*"}}},
        {"TheRootUserIsItself",
         root, Sent::nothing, yes, "statement \"Root\" of the key policy allows it", {},
         "kms:Decrypt", "arn:aws:iam::111122223333:root"},
        {"ExplicitDenyInTheKeyPolicy",
         {{"S", "Allow", role_arn, "kms:*"}, {"D", "Deny", role_arn, "kms:Decrypt"}},
         Sent::nothing, Verdict::denied_by_key_policy,
         "statement \"D\" of the key policy denies it"},
        {"ExplicitDenyInIamWinsOverADirectAllow", allow(""), Sent::nothing,
         Verdict::denied_by_identity_policy, "statement \"No\" of the IAM policy \"iam\" denies it",
         {{"No", "Deny", "", "kms:*"}}},
        {"ADenyForTheAccountIsForAllInIt",
         {{"S", "Allow", role_arn, "kms:*"}, {"D", "Deny", account, "kms:Decrypt"}},
         Sent::nothing, Verdict::denied_by_key_policy, "\"D\""},
        {"AnotherAction", allow(""), Sent::nothing, no,
         "statement \"S\" of the key policy is for this caller, but not for kms:Encrypt", {},
         "kms:Encrypt"},
        {"ActionsIgnoreCaseAndKnowWildcards", {{"S", "Allow", role_arn, "KMS:gener?te*"}},
         Sent::nothing, yes, "allows it", {}, "kms:GenerateDataKey"},
        {"NotAction",
         {{"S", "Allow", role_arn, "", "", R"("NotAction": "kms:Encrypt", "Resource": "*")"}},
         Sent::nothing, yes, "allows it"},
        {"NotActionExcludes",
         {{"S", "Allow", role_arn, "", "", R"("NotAction": "kms:Decrypt", "Resource": "*")"}},
         Sent::nothing, no, "but not for kms:Decrypt"},
        {"Everyone", {{"S", "Allow", "\"*\"", "kms:Decrypt"}}, Sent::nothing, yes, "allows it"},
        {"EveryoneAsAMap", {{"S", "Allow", R"({"AWS": ["*"]})", "kms:Decrypt"}}, Sent::nothing, yes,
         "allows it"},
        {"NotPrincipalDeniesTheOthers",
         {{"S", "Allow", "\"*\"", "kms:Decrypt"}, {"D", "Deny", "!" + foreign_role, "kms:*"}},
         Sent::nothing, Verdict::denied_by_key_policy, "statement \"D\" of the key policy denies it"},
        {"NotPrincipalSparesTheNamed",
         {{"S", "Allow", "\"*\"", "kms:Decrypt"}, {"D", "Deny", "!" + role_arn, "kms:*"}},
         Sent::nothing, yes, "statement \"S\" of the key policy allows it"},
        {"TheSessionItselfMayBeNamed",
         {{"S", "Allow", "arn:aws:sts::111122223333:assumed-role/parent/i-0123", "kms:Decrypt"}},
         Sent::nothing, yes, "allows it"},
        {"AnotherSessionIsNot",
         {{"S", "Allow", "arn:aws:sts::111122223333:assumed-role/parent/i-9999", "kms:Decrypt"}},
         Sent::nothing, no, "no statement of the key policy is for"},
        {"AServiceIsNobodyHere", {{"S", "Allow", R"({"Service": "ec2.amazonaws.com"})", "kms:*"}},
         Sent::nothing, no, "no statement of the key policy is for"},
        {"WithoutResourceNoEffect", {{"S", "Allow", role_arn, "kms:Decrypt", "", ""}},
         Sent::nothing, no, "lacks Action or Resource and so has no effect"},
        {"AnotherResource",
         {{"S", "Allow", role_arn, "kms:Decrypt", "",
           R"("Resource": "arn:aws:kms:us-east-1:111122223333:key/other")"}},
         Sent::nothing, no, "but not for the resource"},
        {"ResourceWildcardsStayInTheirPart",
         {{"S", "Allow", role_arn, "kms:Decrypt", "",
           R"("Resource": "arn:aws:kms:*:111122223333:key/*")"}},
         Sent::nothing, yes, "allows it"},
        {"ForeignRoleNeedsBoth", {{"S", "Allow", foreign_role, "kms:Decrypt"}}, Sent::nothing,
         Verdict::no_identity_policy_allows,
         "allows it to account 444455556666, whose IAM policies must allow it too", {},
         "kms:Decrypt", foreign_role},
        {"ForeignRoleWithBoth", {{"S", "Allow", foreign_role, "kms:Decrypt"}}, Sent::nothing, yes,
         "allows it", {{"Iam", "Allow", "", "kms:Decrypt"}}, "kms:Decrypt", foreign_role},
        {"ForeignRoleWithIamAlone", root, Sent::nothing, no, "or its account 444455556666",
         {{"Iam", "Allow", "", "kms:Decrypt"}}, "kms:Decrypt", foreign_role},
        when("EncryptionContextEquals", condition("StringEquals", ec, "Demo"), yes, "allows it", ec,
             {"Demo"}),
        when("EncryptionContextNamesIgnoreCase",
             condition("StringEquals", "kms:EncryptionContext:APP", "Demo"), yes, "allows it", ec,
             {"Demo"}),
        when("EncryptionContextValuesDoNot", condition("StringEquals", ec, "demo"), no,
             "it differs in case alone", ec, {"Demo"}),
        when("EncryptionContextAbsent", condition("StringEquals", ec, "Demo"), no,
             "the request's encryption context has no such name"),
        when("StringNotEquals", condition("StringNotEquals", ec, "x"), yes, "allows it", ec, {"y"}),
        when("StringNotEqualsRefuses", condition("StringNotEquals", ec, "x"), no,
             "expected anything but \"x\", found \"x\"", ec, {"x"}),
        when("NegatedHoldsForTheAbsent", condition("StringNotEquals", ec, "x"), yes, "allows it"),
        when("StringNotEqualsIgnoreCase", condition("StringNotEqualsIgnoreCase", ec, "X"), no,
             "anything but \"X\"", ec, {"x"}),
        when("StringLike", condition("StringLike", ec, "a?c*"), yes, "allows it", ec, {"abcdef"}),
        when("StringNotLike", condition("StringNotLike", ec, "a*"), no, "anything but \"a*\"", ec,
             {"abc"}),
        when("IfExistsHoldsForTheAbsent", condition("StringEqualsIfExists", ec, "x"), yes,
             "allows it"),
        when("IfExistsComparesWhatIsThere", condition("StringEqualsIfExists", ec, "x"), no,
             "found \"y\"", ec, {"y"}),
        when("ForAnyValue",
             condition("ForAnyValue:StringEquals", "kms:EncryptionContextKeys", "App"), yes,
             "allows it", "kms:EncryptionContextKeys", {"Other", "App"}),
        when("ForAnyValueOfNothing",
             condition("ForAnyValue:StringEquals", "kms:EncryptionContextKeys", "App"), no,
             "found nothing"),
        when("ForAllValues",
             condition("ForAllValues:StringEquals", "kms:EncryptionContextKeys", "App"), no,
             "found \"Other\" and \"App\"", "kms:EncryptionContextKeys", {"Other", "App"}),
        when("ForAllValuesOfNothing",
             condition("ForAllValues:StringEquals", "kms:EncryptionContextKeys", "App"), yes,
             "allows it"),
        when("NullFalseAsksForPresence", condition("Null", ec, "false"), no,
             "expected \"false\", found nothing"),
        when("NullFalseFindsIt", condition("Null", ec, "false"), yes, "allows it", ec, {"x"}),
        when("Bool", condition("Bool", "aws:SecureTransport", "true"), no, "found \"false\"",
             "aws:SecureTransport", {"false"}),
        when("BoolWithoutQuotes", R"("Bool": {"aws:SecureTransport": true})", yes, "allows it",
             "aws:SecureTransport", {"true"}),
        when("NumericLessThanEquals",
             condition("NumericLessThanEquals", "kms:ScheduleKeyDeletionPendingWindowInDays", "7"),
             no, "expected \"7\", found \"30\"", "kms:ScheduleKeyDeletionPendingWindowInDays",
             {"30"}),
        when("NumericGreaterThan",
             condition("NumericGreaterThan", "kms:ScheduleKeyDeletionPendingWindowInDays", "7"),
             yes, "allows it", "kms:ScheduleKeyDeletionPendingWindowInDays", {"30"}),
        when("DateLessThan", condition("DateLessThan", "aws:CurrentTime", "2026-01-01T00:00:00Z"),
             no, "found \"2026-03-04T05:06:07Z\"", "aws:CurrentTime", {"2026-03-04T05:06:07Z"}),
        when("DateGreaterThanOfADay", condition("DateGreaterThan", "aws:CurrentTime", "2026-01-01"),
             yes, "allows it", "aws:CurrentTime", {"2026-03-04T05:06:07Z"}),
        when("IpAddress", condition("IpAddress", "aws:SourceIp", "127.0.0.0/8"), yes, "allows it",
             "aws:SourceIp", {"127.0.0.1"}),
        when("IpAddressOutside", condition("IpAddress", "aws:SourceIp", "10.0.0.0/8"), no,
             "found \"127.0.0.1\"", "aws:SourceIp", {"127.0.0.1"}),
        when("NotIpAddress", condition("NotIpAddress", "aws:SourceIp", "127.0.0.1"), no,
             "anything but", "aws:SourceIp", {"127.0.0.1"}),
        when("ArnLike", condition("ArnLike", "aws:PrincipalArn", "arn:aws:iam::*:role/par*"), yes,
             "allows it"),
        when("BinaryEquals", condition("BinaryEquals", ec, "QUJD"), yes, "allows it", ec, {"QUJD"}),
        when("PolicyVariables", condition("StringEquals", ec, "${aws:PrincipalAccount}"), yes,
             "allows it", ec, {account}),
        when("ViaServiceNeverExistsHere", condition("StringEquals", "kms:ViaService", "s3"), no,
             "no request here has a condition key kms:ViaService"),
        when("AMisspeltKey", condition("StringEquals", "kms:EncryptContext:App", "x"), no,
             "no request here has a condition key kms:EncryptContext:App"),
    };
}

std::vector<Case> all_cases() {
    auto cases = with_attestation();
    for (auto& one : without_attestation())
        cases.push_back(std::move(one));
    return cases;
}

const nsm::CaIdentity& mock_root() {
    static const nsm::CaIdentity root = [] {
        SystemRandom random;
        return nsm::make_mock_root(random);
    }();
    return root;
}

std::optional<Bytes> aws_document() {
    std::filesystem::path directory = std::filesystem::path(GLOVEBOX_SOURCE_DIR) / "../shared/vectors";
    if (const char* named = std::getenv("GLOVEBOX_VECTORS"))
        directory = named;
    std::ifstream file(directory / "aws-docs/20220706_e20c1c02.bin", std::ios::binary);
    if (!file)
        return std::nullopt;
    return Bytes(std::istreambuf_iterator<char>(file), {});
}

struct Judgement {
    bool document_refused = false;
    Verdict verdict = Verdict::allowed;
    std::string explanation;
};

class PolicyTable : public ::testing::TestWithParam<Case> {
  protected:
    // The document that the case sends, and the time at which it is judged.
    std::optional<Bytes> document(Sent sent, TimePoint& at) {
        using testing::Enclave;
        switch (sent) {
            case Sent::nothing:
                return std::nullopt;
            case Sent::debug:
                return Enclave(mock_root(), now, {.debug = true}).attest();
            case Sent::plain:
                return Enclave(mock_root(), now, {.signed_image = false, .with_role = false})
                    .attest();
            case Sent::aged:
                return Enclave(mock_root(), now - 4h).attest();
            case Sent::early:
                return Enclave(mock_root(), now + 1h).attest();
            case Sent::other_root: {
                SystemRandom random;
                return Enclave(nsm::make_mock_root(random), now).attest();
            }
            case Sent::keyless:
                return Enclave(mock_root(), now).attest(std::nullopt);
            case Sent::elliptic:
                return Enclave(mock_root(), now)
                    .attest(KeyPair::generate(*find_key_spec("ECC_NIST_P256"))
                                .public_key()
                                .to_der());
            case Sent::aws_in_time:
            case Sent::aws_today:
            case Sent::aws_keyed:
                if (sent != Sent::aws_today)
                    at = parse_time("2022-07-06T15:00:00Z").value();
                return aws_document();
            default:
                break;
        }
        Bytes bytes = Enclave(mock_root(), now).attest();
        if (sent == Sent::cut)
            bytes.pop_back();
        if (sent == Sent::forged)
            bytes.back() ^= 1;
        return bytes;
    }

    Judgement judge(const Case& one) {
        TimePoint at = now;
        AccessRequest request;
        request.caller = one.caller.find(":role/") == std::string::npos
                             ? iam::parse_principal(one.caller).value()
                             : iam::session_of(one.caller, "i-0123").value();
        request.action = one.action;
        request.resource = key_arn;
        request.account = account;
        const bool attestable = one.action == "kms:Decrypt";
        request.recipient = attestable ? RecipientState::none_sent : RecipientState::impossible;
        request.context.set("aws:PrincipalArn", request.caller.entity_arn);
        request.context.set("aws:PrincipalAccount", request.caller.account);
        if (one.context)
            one.context(request.context);
        const auto bytes = document(one.sent, at);
        if (one.sent == Sent::aws_in_time) {
            // No published AWS document has an RSA key in DER; so it is judged without its key.
            request.recipient = RecipientState::verified;
            describe_attestation(
                nsm::verify_document(*bytes, nsm::TrustRoot::aws(), at).value().document(),
                request.context);
        } else if (bytes) {
            const auto recipient = Recipient::verify(
                *bytes, {nsm::TrustRoot("mock", mock_root().certificate), nsm::TrustRoot::aws()},
                at);
            if (!recipient)
                return {true, Verdict::allowed, recipient.error().message};
            request.recipient = RecipientState::verified;
            describe_attestation(recipient->document(), request.context);
        }
        std::vector<policy::AttachedPolicy> policies;
        policies.push_back({"the key policy", PolicyKind::key,
                            policy::parse_policy(policy_of(one.key_policy, PolicyKind::key),
                                                 PolicyKind::key)
                                .value()});
        if (!one.identity_policy.empty())
            policies.push_back(
                {"the IAM policy \"iam\"", PolicyKind::identity,
                 policy::parse_policy(policy_of(one.identity_policy, PolicyKind::identity),
                                      PolicyKind::identity)
                     .value()});
        const auto decision = policy::decide(request, policies);
        return {false, decision.verdict, decision.sentence};
    }
};

TEST_P(PolicyTable, HasItsVerdictAndExplanation) {
    const Case& one = GetParam();
    if (one.sent >= Sent::aws_in_time && !aws_document())
        GTEST_SKIP() << "AWS's documents are not here: set GLOVEBOX_VECTORS to their folder";
    const Judgement judgement = judge(one);
    EXPECT_EQ(judgement.document_refused, one.document_refused) << judgement.explanation;
    EXPECT_EQ(name_of(judgement.verdict), name_of(one.verdict)) << judgement.explanation;
    EXPECT_THAT(judgement.explanation, HasSubstr(one.explanation));
}

INSTANTIATE_TEST_SUITE_P(Policies, PolicyTable, ::testing::ValuesIn(all_cases()),
                         [](const auto& one) { return one.param.name; });

}  // namespace
}  // namespace glovebox::kms
