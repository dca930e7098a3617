// SPDX-License-Identifier: Apache-2.0

// A question to the policies and its answer, as values: the request, the verdict, and a finding for
// each statement.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sim/iam/arn.h"
#include "sim/kms/policy/grant.h"
#include "sim/kms/policy/policy.h"
#include "sim/kms/policy/request_context.h"

namespace glovebox::kms::policy {

struct AttachedPolicy {
    std::string name;  // "the key policy", "the IAM policy \"Parent\""
    PolicyKind kind = PolicyKind::key;
    Policy policy;
};

// Whether the request comes with an attestation document.
enum class RecipientState {
    impossible,  // the operation cannot carry a Recipient
    none_sent,
    verified,  // the context has the document's PCRs
};

struct AccessRequest {
    iam::Principal caller;
    std::string action;    // "kms:Decrypt"
    std::string resource;  // the ARN of a key or an alias; "*" without either
    std::string account;   // the owner of the resource
    RequestContext context;
    RecipientState recipient = RecipientState::impossible;
    // Of a cryptographic operation with a symmetric key.
    std::optional<Grant::Pairs> encryption_context = {};
    // The grant that CreateGrant makes or RetireGrant ends.
    std::optional<Grant> grant = {};
};

// What a statement means for the request: it applies, or the first of these reasons why it does
// not.
enum class Outcome {
    applies,
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
    std::string principal_remark;  // why a NotPrincipal does not spare a caller that it names
    std::string unknown;           // a variable of the Resource element that is not emulated
    std::vector<ConditionFinding> conditions;  // evaluated only if everything before them applies
    std::vector<std::string> remarks;          // one for each condition, possibly empty
};

// What a grant means for the request. The caller is its grantee, or may retire it.
enum class GrantOutcome { applies, other_operation, constraint_failed };

struct GrantFinding {
    std::string grant;  // Grant::called()
    GrantOutcome outcome = GrantOutcome::applies;
    std::string remark;  // on the constraint that is not met
};

enum class Verdict {
    allowed,
    denied_by_key_policy,       // explicitly
    denied_by_identity_policy,  // explicitly
    no_key_policy_allows,
    no_identity_policy_allows,
    no_grant_allows,  // RetireGrant, which only the grant allows
};

struct Decision {
    Verdict verdict = Verdict::no_key_policy_allows;
    std::string sentence;  // why, in one line
    std::vector<StatementFinding> findings;
    std::vector<GrantFinding> grants;

    [[nodiscard]] bool allowed() const { return verdict == Verdict::allowed; }
};

}  // namespace glovebox::kms::policy
