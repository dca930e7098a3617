// May this caller do this with this resource? The decision over a key's policy and the caller's IAM
// policies, together with everything that led to it.
//
//   1. An explicit Deny anywhere refuses.
//   2. In the key's own account: the key policy allows the caller, or it allows the account and an
//      IAM policy allows the caller.
//   3. From another account: the key policy and an IAM policy must both allow.
//   4. Where there is no key (CreateKey, ListKeys, GenerateRandom, an alias): an IAM policy allows.
//
// An Allow for a role holds for its sessions. A statement for an account's root lets that account's
// IAM policies decide and gives no user or role anything by itself.
//
// Source: KMS developer guide, "Determining access to KMS keys"; IAM user guide, "Policy evaluation
// logic".
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sim/iam/arn.h"
#include "sim/kms/policy/policy.h"
#include "sim/kms/policy/request_context.h"

namespace glovebox::kms::policy {

struct AttachedPolicy {
    std::string name;  // "the key policy", "the IAM policy \"Parent\""
    PolicyKind kind = PolicyKind::key;
    Policy policy;
};

// What a request has to do with attestation.
enum class RecipientState {
    impossible,  // the operation carries no Recipient
    none_sent,
    verified,  // the context has the document's PCRs
};

struct AccessRequest {
    iam::Principal caller;
    std::string action;    // "kms:Decrypt"
    std::string resource;  // the ARN of a key or an alias; "*" where there is neither
    std::string account;   // the one that owns the resource
    RequestContext context;
    RecipientState recipient = RecipientState::impossible;
};

enum class Outcome {
    applies,
    without_effect,  // it lacks Action or Resource
    other_principal,
    other_action,
    other_resource,
    condition_failed,
};

// How a statement's Principal includes the caller.
enum class PrincipalMatch { none, account, direct };

struct StatementFinding {
    std::string policy;     // AttachedPolicy::name
    std::string statement;  // Statement::name()
    PolicyKind kind = PolicyKind::key;
    Effect effect = Effect::deny;
    Outcome outcome = Outcome::applies;
    PrincipalMatch principal = PrincipalMatch::none;
    std::vector<ConditionFinding> conditions;  // judged only when all before them agreed
    std::vector<std::string> remarks;          // one for each condition; may be empty
};

enum class Verdict {
    allowed,
    denied_by_key_policy,       // explicitly
    denied_by_identity_policy,  // explicitly
    no_key_policy_allows,
    no_identity_policy_allows,
};

struct Decision {
    Verdict verdict = Verdict::no_key_policy_allows;
    std::string sentence;  // why, in one line
    std::vector<StatementFinding> findings;

    [[nodiscard]] bool allowed() const { return verdict == Verdict::allowed; }
};

// `policies` has at most one of kind key, the key's; none means rule 4.
[[nodiscard]] Decision decide(const AccessRequest& request,
                              const std::vector<AttachedPolicy>& policies);

}  // namespace glovebox::kms::policy
