// SPDX-License-Identifier: Apache-2.0

// What the policies are asked, and what they answer, as values: the request, the verdict, and what
// every statement came to.
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

}  // namespace glovebox::kms::policy
