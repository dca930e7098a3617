// SPDX-License-Identifier: Apache-2.0

#include "sim/kms/policy/decide.h"

#include <fmt/core.h>

#include <algorithm>

#include "sim/kms/policy/condition_key.h"
#include "sim/kms/policy/judge_grant.h"
#include "sim/kms/policy/pattern.h"
#include "sim/kms/policy/reason.h"
#include "sim/kms/policy/remark.h"

namespace glovebox::kms::policy {
namespace {

bool is_account_of(std::string_view arn, const iam::Principal& caller) {
    return arn.ends_with(":root") &&
           arn.find("::" + caller.account + ":") != std::string_view::npos;
}

// A Deny with NotPrincipal is judged for the account first, then for the user or role. It spares
// only a caller whose account is named beside it (IAM user guide, "NotPrincipal with Deny").
PrincipalMatch match_not_principal(const PrincipalElement& element, const iam::Principal& caller) {
    bool account = false;
    bool itself = false;
    for (const std::string& arn : element.aws) {
        account = account || is_account_of(arn, caller);
        itself = itself || arn == caller.arn || arn == caller.entity_arn;
    }
    return element.anyone || (account && itself) ? PrincipalMatch::none : PrincipalMatch::direct;
}

PrincipalMatch match_principal(const PrincipalElement& element, const iam::Principal& caller) {
    if (element.negated)
        return match_not_principal(element, caller);
    PrincipalMatch best = element.anyone ? PrincipalMatch::direct : PrincipalMatch::none;
    for (const std::string& arn : element.aws) {
        if (arn == caller.arn || arn == caller.entity_arn)
            best = PrincipalMatch::direct;
        else if (best == PrincipalMatch::none && is_account_of(arn, caller))
            best = PrincipalMatch::account;
    }
    return best;
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
            const auto filled = pattern_of(pattern, request.context, variables);
            return filled && arn_match(*filled, request.resource);
        });
    return any != element.negated;
}

// The first variable of a Resource element that is not emulated.
std::string_view unknown_resource(const PatternElement& element, const RequestContext& context) {
    for (const std::string& pattern : element.patterns)
        if (const auto name = unknown_variable(pattern, context); !name.empty())
            return name;
    return {};
}

// A Deny that tests what is unknown here applies, and an Allow does not.
void judge_conditions(const Statement& statement, const AccessRequest& request, bool variables,
                      StatementFinding& finding) {
    for (const Condition& condition : statement.conditions) {
        ConditionFinding one = evaluate(condition, request.context, variables);
        const std::string_view unknown = unknown_key(condition, request.context, variables);
        if (!unknown.empty()) {
            one.not_emulated = true;
            one.met = statement.effect == Effect::deny;
        }
        finding.remarks.push_back(unknown.empty() ? remark_on(one, condition.op, request)
                                                  : remark_on_unknown(unknown, statement.effect));
        if (!one.met)
            finding.outcome = Outcome::condition_failed;
        finding.conditions.push_back(std::move(one));
    }
}

std::string remark_on_not_principal(const PrincipalElement& element, const iam::Principal& caller) {
    const bool named = std::any_of(element.aws.begin(), element.aws.end(), [&](const auto& arn) {
        return arn == caller.arn || arn == caller.entity_arn;
    });
    if (!element.negated || !named)
        return {};
    return fmt::format(
        "NotPrincipal names the caller but not its account: AWS judges the account first, so name "
        "{} beside it",
        caller.account);
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
    if (statement.principal && finding.principal != PrincipalMatch::none)
        finding.principal_remark = remark_on_not_principal(*statement.principal, request.caller);
    if (finding.principal == PrincipalMatch::none) {
        finding.outcome = Outcome::other_principal;
    } else if (!match_action(statement.action, request.action)) {
        finding.outcome = Outcome::other_action;
    } else {
        if (variables)
            finding.unknown = unknown_resource(statement.resource, request.context);
        const bool matches = finding.unknown.empty()
                                 ? match_resource(statement.resource, request, variables)
                                 : statement.effect == Effect::deny;
        if (!matches)
            finding.outcome = Outcome::other_resource;
        else
            judge_conditions(statement, request, variables, finding);
    }
    return finding;
}

}  // namespace

Decision decide(const AccessRequest& request, const std::vector<AttachedPolicy>& policies,
                const std::vector<Grant>& grants) {
    Decision decision;
    for (const Grant& grant : grants)
        if (auto finding = judge_grant(grant, request))
            decision.grants.push_back(std::move(*finding));
    const bool granted =
        std::any_of(decision.grants.begin(), decision.grants.end(),
                    [](const GrantFinding& one) { return one.outcome == GrantOutcome::applies; });
    bool has_key_policy = false;
    AccessRequest for_key = request;
    for_key.context = for_key_policy(request.context);
    for (const AttachedPolicy& attached : policies) {
        has_key_policy = has_key_policy || attached.kind == PolicyKind::key;
        for (const Statement& statement : attached.policy.statements)
            decision.findings.push_back(
                judge(attached, statement, attached.kind == PolicyKind::key ? for_key : request));
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
    else if (granted)
        decision.verdict = Verdict::allowed;
    else if (request.action == retire_grant)
        decision.verdict = Verdict::no_grant_allows;
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
