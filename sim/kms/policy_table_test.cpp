// SPDX-License-Identifier: Apache-2.0

// A table of policies and requests: each with the verdict that AWS's rules give, and with what the
// explanation has to say. A case is a Decrypt unless it says otherwise.
#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "core/testing/vectors.h"
#include "sim/kms/policy/decide.h"
#include "sim/kms/policy/reason.h"
#include "sim/kms/recipient.h"
#include "sim/kms/testing/policy_case.h"

namespace glovebox::kms::testing {
namespace {

using namespace std::chrono_literals;
using policy::AccessRequest;
using policy::RecipientState;
using ::testing::HasSubstr;

const TimePoint now = parse_time("2026-03-04T05:06:07Z").value();

std::vector<Case> all_cases() {
    auto cases = attested_policy_cases();
    for (auto& one : plain_policy_cases())
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
    const auto folder = test_vectors("aws-docs");
    if (!folder)
        return std::nullopt;
    std::ifstream file(*folder / "20220706_e20c1c02.bin", std::ios::binary);
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
                    .attest(
                        KeyPair::generate(*find_key_spec("ECC_NIST_P256")).public_key().to_der());
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
        policies.push_back(
            {"the key policy", PolicyKind::key,
             policy::parse_policy(policy_of(one.key_policy, PolicyKind::key), PolicyKind::key)
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
        GTEST_SKIP() << no_test_vectors;
    const Judgement judgement = judge(one);
    EXPECT_EQ(judgement.document_refused, one.document_refused) << judgement.explanation;
    EXPECT_EQ(name_of(judgement.verdict), name_of(one.verdict)) << judgement.explanation;
    EXPECT_THAT(judgement.explanation, HasSubstr(one.explanation));
}

INSTANTIATE_TEST_SUITE_P(Policies, PolicyTable, ::testing::ValuesIn(all_cases()),
                         [](const auto& one) { return one.param.name; });

}  // namespace
}  // namespace glovebox::kms::testing
