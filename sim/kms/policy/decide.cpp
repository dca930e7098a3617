// SPDX-License-Identifier: Apache-2.0

#include "sim/kms/policy/decide.h"

#include <fmt/core.h>

#include <algorithm>

#include "sim/kms/policy/pattern.h"
#include "sim/kms/policy/reason.h"
#include "sim/kms/policy/remark.h"

namespace glovebox::kms::policy {
namespace {

PrincipalMatch match_principal(const PrincipalElement& element, const iam::Principal& caller) {
    PrincipalMatch best = element.anyone ? PrincipalMatch::direct : PrincipalMatch::none;
    for (const std::string& arn : element.aws) {
        if (arn == caller.arn || arn == caller.entity_arn)
            best = PrincipalMatch::direct;
        else if (best == PrincipalMatch::none && arn.ends_with(":root") &&
                 arn.find("::" + caller.account + ":") != std::string::npos)
            best = PrincipalMatch::account;
    }
    if (!element.negated)
        return best;
    // A NotPrincipal names an account beside its user, so that the account itself is spared; all
    // others of the account are meant, as IAM's guide has it.
    return best == PrincipalMatch::direct ? PrincipalMatch::none : PrincipalMatch::direct;
}

bool match_action(const PatternElement& element, std::string_view action) {
    const bool any = std::any_of(
        element.patterns.begin(), element.patterns.end(),
        [&](const auto& pattern) { return wildcard_match_ignoring_case(pattern, action); });
    return any != element.negated;
}

bool match_resource(const PatternElement& element, const AccessRequest& request, bool variables) {
    const bool any =
        std::any_of(element.patterns.begin(), element.patterns.end(), [&](const auto& pattern) {
            const auto filled = variables ? fill_in_variables(pattern, request.context) : pattern;
            return filled && (*filled == "*" || arn_match(*filled, request.resource));
        });
    return any != element.negated;
}

StatementFinding judge(const AttachedPolicy& attached, const Statement& statement,
                       const AccessRequest& request) {
    const bool variables = attached.policy.version == "2012-10-17";
    StatementFinding finding;
    finding.policy = attached.name;
    finding.statement = statement.name();
    finding.kind = attached.kind;
    finding.effect = statement.effect;
    finding.principal = statement.principal ? match_principal(*statement.principal, request.caller)
                                            : PrincipalMatch::direct;
    if (!statement.action || !statement.resource) {
        finding.outcome = Outcome::without_effect;
    } else if (finding.principal == PrincipalMatch::none) {
        finding.outcome = Outcome::other_principal;
    } else if (!match_action(*statement.action, request.action)) {
        finding.outcome = Outcome::other_action;
    } else if (!match_resource(*statement.resource, request, variables)) {
        finding.outcome = Outcome::other_resource;
    } else {
        for (const Condition& condition : statement.conditions) {
            finding.conditions.push_back(evaluate(condition, request.context, variables));
            finding.remarks.push_back(remark_on(finding.conditions.back(), condition.op, request));
            if (!finding.conditions.back().met)
                finding.outcome = Outcome::condition_failed;
        }
    }
    return finding;
}

}  // namespace

Decision decide(const AccessRequest& request, const std::vector<AttachedPolicy>& policies) {
    Decision decision;
    bool has_key_policy = false;
    for (const AttachedPolicy& attached : policies) {
        has_key_policy = has_key_policy || attached.kind == PolicyKind::key;
        for (const Statement& statement : attached.policy.statements)
            decision.findings.push_back(judge(attached, statement, request));
    }
    const auto some = [&](Effect effect, PolicyKind kind, PrincipalMatch least) {
        return std::any_of(decision.findings.begin(), decision.findings.end(),
                           [&](const StatementFinding& finding) {
                               return finding.outcome == Outcome::applies &&
                                      finding.effect == effect && finding.kind == kind &&
                                      finding.principal >= least;
                           });
    };
    const bool direct = some(Effect::allow, PolicyKind::key, PrincipalMatch::direct);
    const bool account = some(Effect::allow, PolicyKind::key, PrincipalMatch::account);
    const bool identity = some(Effect::allow, PolicyKind::identity, PrincipalMatch::direct);
    const bool same_account = request.caller.account == request.account;

    if (some(Effect::deny, PolicyKind::key, PrincipalMatch::account))
        decision.verdict = Verdict::denied_by_key_policy;
    else if (some(Effect::deny, PolicyKind::identity, PrincipalMatch::direct))
        decision.verdict = Verdict::denied_by_identity_policy;
    else if (!has_key_policy)
        decision.verdict = identity ? Verdict::allowed : Verdict::no_identity_policy_allows;
    else if (same_account && direct)
        decision.verdict = Verdict::allowed;
    else if (!account)  // a direct match counts as one through the account, too
        decision.verdict = Verdict::no_key_policy_allows;
    else
        decision.verdict = identity ? Verdict::allowed : Verdict::no_identity_policy_allows;
    decision.sentence = reason_for(decision, request);
    return decision;
}

}  // namespace glovebox::kms::policy
