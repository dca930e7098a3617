// SPDX-License-Identifier: Apache-2.0

#include "sim/nitro/key_policy.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/base/bytes.h"
#include "core/crypto/pcr.h"
#include "sim/iam/arn.h"
#include "sim/kms/directory.h"
#include "sim/kms/policy/decide.h"
#include "sim/kms/policy/pattern.h"
#include "sim/kms/policy/policy.h"
#include "sim/kms/policy/remark.h"
#include "sim/nitro/nitro_cli.h"
#include "sim/vm/captured.h"

namespace glovebox::nitro {
namespace {

using State = Finding::State;
using kms::policy::AccessRequest;
using kms::policy::Effect;
using kms::policy::Policy;
using kms::policy::Statement;

// With a key, and with a Recipient.
constexpr std::array actions{"kms:Decrypt", "kms:GenerateDataKey", "kms:GenerateDataKeyPair",
                             "kms:DeriveSharedSecret"};

bool is_attested(const Statement& statement) {
    return std::any_of(statement.conditions.begin(), statement.conditions.end(),
                       [](const auto& one) { return kms::policy::is_attestation_key(one.key); });
}

bool allows_attested(const Policy& policy, std::string_view action) {
    return std::any_of(
        policy.statements.begin(), policy.statements.end(), [&](const Statement& statement) {
            return statement.effect == Effect::allow && is_attested(statement) &&
                   !statement.action.negated &&
                   std::any_of(statement.action.patterns.begin(), statement.action.patterns.end(),
                               [&](const auto& pattern) {
                                   return kms::policy::wildcard_match_ignoring_case(pattern,
                                                                                    action);
                               });
        });
}

kms::policy::RequestContext context_of(const AttestedEnclave& enclave, const iam::Principal& caller,
                                       const std::string& role_arn) {
    kms::policy::RequestContext context;
    const auto set = [&](int index, const Pcr& pcr) {
        context.set(fmt::format("kms:RecipientAttestation:PCR{}", index), to_hex(pcr));
    };
    const eif::Measurements measured = enclave.debug ? eif::Measurements{} : enclave.pcrs;
    context.set("kms:RecipientAttestation:ImageSha384", to_hex(measured.pcr0));
    set(0, measured.pcr0);
    set(1, measured.pcr1);
    set(2, measured.pcr2);
    set(3, extended(Pcr{}, as_bytes(role_arn)));
    if (enclave.pcrs.pcr8)
        set(8, *enclave.pcrs.pcr8);
    context.set("aws:PrincipalArn", caller.entity_arn);
    context.set("aws:PrincipalAccount", caller.account);
    context.set("kms:CallerAccount", caller.account);
    return context;
}

// "kms:RecipientAttestation:PCR0 is 12ab and 34cd was expected" of the first statement with a
// condition on PCRs that is not met; empty if another reason refuses.
std::string mismatch_in(const kms::policy::Decision& decision) {
    for (const auto& finding : decision.findings)
        for (const auto& condition : finding.conditions)
            if (finding.effect == Effect::allow && !condition.met &&
                kms::policy::is_attestation_key(condition.key))
                return fmt::format(
                    "statement {} expects {} {}, and the enclave has {}", finding.statement,
                    condition.key, fmt::join(condition.expected, " or "),
                    condition.actual ? fmt::format("{}", fmt::join(*condition.actual, ", "))
                                     : std::string("none"));
    return {};
}

std::string name_of(const kms::SceneKey& key) {
    return key.aliases.empty() ? key.id : key.aliases.front();
}

Finding missing_key(const std::string& key, const std::string& region) {
    return {State::no, key, fmt::format("AWS's KMS in {} has no such key", region),
            fmt::format("aws kms create-key --policy file://POLICY --region {0}, and aws kms "
                        "create-alias --alias-name {1} --target-key-id ID --region {0}",
                        region, key)};
}

}  // namespace

std::vector<Finding> judge_key_policies(const std::vector<KeyPolicy>& keys,
                                        const std::vector<AttestedEnclave>& enclaves,
                                        const kms::Scene& scene, const std::string& role_arn) {
    std::vector<Finding> findings;
    const auto caller = iam::session_of(role_arn, "i-1234567890abcdef0");
    if (!caller) {
        if (!keys.empty())
            findings.push_back(
                {State::limited, "key policies",
                 "not judged: role_arn in the world file names the instance's role"});
        return findings;
    }
    kms::Directory directory(scene.account);
    iam::CredentialStore credentials;
    apply(scene, directory, credentials);
    for (const KeyPolicy& key : keys) {
        const auto policy = parse_policy(key.text, kms::policy::PolicyKind::key);
        if (!policy) {
            findings.push_back({State::limited, key.key,
                                fmt::format("{}: {}", key.source, policy.error().message)});
            continue;
        }
        std::vector<kms::policy::AttachedPolicy> policies{
            {key.source, kms::policy::PolicyKind::key, *policy}};
        for (const auto& one : directory.policies_of(*caller))
            policies.push_back(one.attached);
        for (const char* const action : actions) {
            if (!allows_attested(*policy, action))
                continue;
            std::vector<Finding> refused;
            for (const AttestedEnclave& enclave : enclaves) {
                AccessRequest request;
                request.caller = *caller;
                request.action = action;
                request.resource =
                    fmt::format("arn:{}:kms:{}:{}:key/{}", iam::partition_of(scene.region),
                                scene.region, caller->account, key.key);
                request.account = caller->account;
                request.context = context_of(enclave, *caller, role_arn);
                request.recipient = kms::policy::RecipientState::verified;
                const auto decision = decide(request, policies);
                if (decision.allowed()) {
                    refused.clear();
                    break;
                }
                if (const std::string why = mismatch_in(decision); !why.empty())
                    refused.push_back(
                        {State::no, key.key,
                         fmt::format("{} refuses {} to enclave {}: {}", key.source, action,
                                     enclave.label, why),
                         enclave.debug
                             ? "no debug: true in the world file, since debug mode has zeros"
                             : fmt::format("the enclave's value in the policy: PCR0={}",
                                           to_hex(enclave.pcrs.pcr0))});
            }
            findings.insert(findings.end(), refused.begin(), refused.end());
        }
    }
    for (const AttestedEnclave& enclave : enclaves)
        if (enclave.debug)
            findings.push_back({State::limited, enclave.label,
                                "debug mode: PCR0 to PCR2 are zero, and a policy that names an "
                                "image refuses the enclave"});
    return findings;
}

std::vector<KeyPolicy> read_key_policies(const kms::Scene& scene, const std::string& region,
                                         std::vector<Finding>& findings) {
    std::vector<KeyPolicy> keys;
    const bool has_aws = vm::has_program("aws");
    if (!has_aws && !scene.keys.empty())
        findings.push_back({State::limited, "key policies",
                            "PATH has no aws, so the scene's policies are judged, not AWS's"});
    for (const kms::SceneKey& key : scene.keys) {
        const std::string name = name_of(key);
        const KeyPolicy of_scene{name, "the scene's policy", key.policy};
        if (!has_aws) {
            keys.push_back(of_scene);
            continue;
        }
        const auto ask = [&](std::vector<std::string> words) {
            words.insert(words.begin(), {"aws", "kms"});
            words.insert(words.end(), {"--region", region, "--output", "text"});
            return vm::capture(words);
        };
        const auto found = ask({"describe-key", "--key-id", name, "--query", "KeyMetadata.Arn"});
        if (found && found->errors.find("NotFoundException") != std::string::npos) {
            findings.push_back(missing_key(name, region));
            continue;
        }
        const std::string arn = found ? found->output.substr(0, found->output.find('\n')) : "";
        const auto policy = found && found->status == 0
                                ? ask({"get-key-policy", "--key-id", arn, "--policy-name",
                                       "default", "--query", "Policy"})
                                : found;
        if (policy && policy->status == 0) {
            keys.push_back({name, "AWS's policy", policy->output});
            continue;
        }
        findings.push_back(
            {State::limited, name,
             fmt::format("the scene's policy is judged, since AWS's can't be read: {}",
                         policy ? failure_in(policy->errors) : policy.error().message)});
        keys.push_back(of_scene);
    }
    std::erase_if(keys, [](const KeyPolicy& key) { return key.text.empty(); });
    return keys;
}

}  // namespace glovebox::nitro
