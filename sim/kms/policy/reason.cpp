// SPDX-License-Identifier: Apache-2.0

#include "sim/kms/policy/reason.h"

#include <fmt/core.h>

#include <algorithm>
#include <boost/json/array.hpp>

#include "core/base/printable.h"
#include "sim/kms/policy/judge_grant.h"
#include "sim/kms/policy/pattern.h"
#include "sim/kms/policy/remark.h"

namespace glovebox::kms::policy {
namespace {

std::string quoted(const std::vector<std::string>& values, std::string_view between) {
    if (values.empty())
        return "nothing";
    std::string out;
    for (const std::string& value : values) {
        if (!out.empty())
            out += between;
        out += in_quotes(cut(value, shown_bytes_max));
    }
    return out;
}

std::string called(const StatementFinding& finding) {
    return fmt::format("statement {} of {}", finding.statement, finding.policy);
}

// The conditions of a statement that are met, or that are not.
std::string conditions(const StatementFinding& finding, bool met) {
    std::string out;
    for (std::size_t i = 0; i < finding.conditions.size(); ++i) {
        if (finding.conditions[i].met != met)
            continue;
        if (!out.empty())
            out += "; and ";
        out += describe(finding.conditions[i], finding.remarks[i]);
    }
    return out;
}

std::vector<const StatementFinding*> select(const Decision& decision, Effect effect,
                                            PolicyKind kind, Outcome outcome) {
    std::vector<const StatementFinding*> out;
    for (const StatementFinding& finding : decision.findings)
        if (finding.effect == effect && finding.kind == kind && finding.outcome == outcome)
            out.push_back(&finding);
    return out;
}

// The statement that would have allowed the request, and the condition that is not met; empty if no
// statement comes close.
std::string nearest_allow(const Decision& decision, PolicyKind kind, const AccessRequest& request) {
    if (const auto failed = select(decision, Effect::allow, kind, Outcome::condition_failed);
        !failed.empty()) {
        std::string out;
        for (const StatementFinding* finding : failed) {
            if (!out.empty())
                out += "; ";
            out += fmt::format("{} would allow it, but a condition is not met: {}",
                               called(*finding), conditions(*finding, false));
        }
        return out;
    }
    if (const auto others = select(decision, Effect::allow, kind, Outcome::other_action);
        !others.empty())
        return fmt::format("{} is for this caller, but not for {}", called(*others.front()),
                           request.action);
    if (const auto others = select(decision, Effect::allow, kind, Outcome::other_resource);
        !others.empty())
        return fmt::format("{} is for this caller and action, but not for the resource {}",
                           called(*others.front()), request.resource);
    return {};
}

std::string explicit_deny(const Decision& decision, PolicyKind kind) {
    const auto denies = select(decision, Effect::deny, kind, Outcome::applies);
    const std::string because = conditions(*denies.front(), true);
    std::string out = fmt::format("{} denies it{}{}", called(*denies.front()),
                                  because.empty() ? "" : ": ", because);
    if (!denies.front()->unknown.empty())
        out += fmt::format(" (its Resource has ${{{}}}: {})", denies.front()->unknown,
                           remark_on_unknown(denies.front()->unknown, Effect::deny));
    if (!denies.front()->principal_remark.empty())
        out += fmt::format(" ({})", denies.front()->principal_remark);
    return out;
}

// An Allow that applies beside another that demands attestation and is not met: the most common
// mistake.
std::string voided_attestation(const Decision& decision) {
    for (const StatementFinding& finding : decision.findings) {
        if (finding.effect != Effect::allow || finding.outcome != Outcome::condition_failed)
            continue;
        for (const ConditionFinding& condition : finding.conditions)
            if (!condition.met && is_attestation_key(condition.key))
                return fmt::format(
                    "; note that {} asks for attestation, which this request does not meet, in "
                    "vain: "
                    "what is allowed without a condition stays allowed",
                    called(finding));
    }
    return {};
}

// The grants that are for the caller and yet do not allow the request.
std::string failed_grants(const Decision& decision) {
    std::string out;
    for (const GrantFinding& finding : decision.grants)
        if (finding.outcome == GrantOutcome::constraint_failed)
            out += fmt::format("; and {} would allow it, but {}", finding.grant, finding.remark);
    return out;
}

std::string allow_reason(const Decision& decision, const AccessRequest& request) {
    const auto by_key = select(decision, Effect::allow, PolicyKind::key, Outcome::applies);
    const auto by_identity =
        select(decision, Effect::allow, PolicyKind::identity, Outcome::applies);
    const auto direct = std::find_if(by_key.begin(), by_key.end(), [](const auto* finding) {
        return finding->principal == PrincipalMatch::direct;
    });
    const auto grant =
        std::find_if(decision.grants.begin(), decision.grants.end(),
                     [](const auto& one) { return one.outcome == GrantOutcome::applies; });
    std::string out;
    if (direct != by_key.end() && request.action != retire_grant)
        out = called(**direct) + " allows it";
    else if (grant != decision.grants.end())
        out = grant->grant + " allows it";
    else if (!by_key.empty() && !by_identity.empty())
        out = fmt::format("{} leaves it to the account's IAM policies, and {} allows it",
                          called(*by_key.front()), called(*by_identity.front()));
    else
        out = called(*by_identity.front()) + " allows it";
    return out + voided_attestation(decision);
}

}  // namespace

std::string describe(const ConditionFinding& finding, std::string_view remark) {
    const auto op = parse_condition_operator(finding.operator_name);
    const bool unwanted = op && is_negated(op->comparison);
    const bool null = op && op->comparison == Operator::null;
    std::string out =
        fmt::format("{} {}: expected {}{}, found {}", finding.operator_name, finding.key,
                    unwanted ? "anything but " : "", quoted(finding.expected, " or "),
                    !finding.actual ? "nothing"
                    : null          ? "a value"
                                    : quoted(*finding.actual, " and "));
    if (!remark.empty())
        out += fmt::format(" ({})", remark);
    return out;
}

std::string reason_for(const Decision& decision, const AccessRequest& request) {
    switch (decision.verdict) {
        case Verdict::allowed:
            return allow_reason(decision, request);
        case Verdict::denied_by_key_policy:
            return explicit_deny(decision, PolicyKind::key);
        case Verdict::denied_by_identity_policy:
            return explicit_deny(decision, PolicyKind::identity);
        case Verdict::no_key_policy_allows: {
            std::string near = nearest_allow(decision, PolicyKind::key, request);
            if (near.empty())
                near = fmt::format("no statement of the key policy is for {} or its account {}",
                                   request.caller.arn, request.caller.account);
            return near + failed_grants(decision);
        }
        case Verdict::no_grant_allows:
            return "only the grant allows RetireGrant, whatever policies allow: to its retiring "
                   "principal, to its grantee if RetireGrant is among its operations, and to the "
                   "root user of the account that issued it";
        case Verdict::no_identity_policy_allows: {
            const auto delegating =
                select(decision, Effect::allow, PolicyKind::key, Outcome::applies);
            std::string out;
            if (!delegating.empty() && request.caller.account != request.account)
                out = fmt::format(
                    "{} allows it to account {}, whose IAM policies must allow it too: ",
                    called(*delegating.front()), request.caller.account);
            else if (!delegating.empty())
                out = fmt::format("{} leaves it to the IAM policies of account {}: ",
                                  called(*delegating.front()), request.account);
            const std::string near = nearest_allow(decision, PolicyKind::identity, request);
            out += near.empty() ? fmt::format("no IAM policy of {} allows {}",
                                              request.caller.entity_arn, request.action)
                                : near;
            // A statement of the key policy that would suffice without IAM if its condition were
            // met.
            const std::string key_near = nearest_allow(decision, PolicyKind::key, request);
            if (key_near.find("condition is not met") != std::string::npos)
                out += "; and " + key_near;
            return out + failed_grants(decision);
        }
    }
    return {};
}

std::string_view name_of(Verdict verdict) {
    switch (verdict) {
        case Verdict::allowed:
            return "allowed";
        case Verdict::denied_by_key_policy:
            return "explicit deny in the key policy";
        case Verdict::denied_by_identity_policy:
            return "explicit deny in an IAM policy";
        case Verdict::no_key_policy_allows:
            return "no key policy allows";
        case Verdict::no_identity_policy_allows:
            return "no IAM policy allows";
        case Verdict::no_grant_allows:
            return "no grant allows";
    }
    return "";
}

std::string_view name_of(Outcome outcome) {
    switch (outcome) {
        case Outcome::applies:
            return "applies";
        case Outcome::other_principal:
            return "is for another principal";
        case Outcome::other_action:
            return "is for other actions";
        case Outcome::other_resource:
            return "is for other resources";
        case Outcome::condition_failed:
            return "does not apply: a condition is not met";
    }
    return "";
}

std::string_view name_of(GrantOutcome outcome) {
    switch (outcome) {
        case GrantOutcome::applies:
            return "applies";
        case GrantOutcome::other_operation:
            return "is for other operations";
        case GrantOutcome::constraint_failed:
            return "does not apply";
    }
    return "";
}

std::string to_text(const Decision& decision) {
    std::string out = fmt::format("{}: {}\n", decision.allowed() ? "allowed" : "refused",
                                  printable(decision.sentence));
    for (const StatementFinding& finding : decision.findings) {
        const bool delegates = finding.outcome == Outcome::applies &&
                               finding.kind == PolicyKind::key && finding.effect == Effect::allow &&
                               finding.principal == PrincipalMatch::account;
        out += fmt::format(
            "  {} {} of {} {}{}\n", finding.effect == Effect::allow ? "Allow" : "Deny ",
            printable(finding.statement), printable(finding.policy), name_of(finding.outcome),
            delegates ? ", and leaves it to the account's IAM policies" : "");
        for (std::size_t i = 0; i < finding.conditions.size(); ++i)
            out += fmt::format("      {} {}\n",
                               finding.conditions[i].not_emulated ? "UNKNOWN"
                               : finding.conditions[i].met        ? "met    "
                                                                  : "NOT MET",
                               printable(describe(finding.conditions[i], finding.remarks[i])));
    }
    for (const GrantFinding& finding : decision.grants)
        out += fmt::format("  {} {}{}\n", printable(finding.grant), name_of(finding.outcome),
                           finding.remark.empty() ? "" : ": " + printable(finding.remark));
    return out;
}

boost::json::object to_json_object(const Decision& decision) {
    boost::json::array statements;
    for (const StatementFinding& finding : decision.findings) {
        boost::json::array conditions_json;
        for (std::size_t i = 0; i < finding.conditions.size(); ++i) {
            const ConditionFinding& condition = finding.conditions[i];
            boost::json::object one{
                {"operator", condition.operator_name},
                {"key", condition.key},
                {"expected",
                 boost::json::array(condition.expected.begin(), condition.expected.end())},
                {"met", condition.met},
            };
            if (condition.not_emulated)
                one["notEmulated"] = true;
            if (condition.actual) {
                auto& values = one["actual"].emplace_array();
                for (const std::string& value : *condition.actual)
                    values.emplace_back(cut(value, shown_bytes_max));
            } else {
                one["actual"] = nullptr;
            }
            if (!finding.remarks[i].empty())
                one["remark"] = finding.remarks[i];
            conditions_json.push_back(std::move(one));
        }
        statements.push_back(boost::json::object{
            {"policy", finding.policy},
            {"statement", finding.statement},
            {"effect", finding.effect == Effect::allow ? "Allow" : "Deny"},
            {"outcome", name_of(finding.outcome)},
            {"conditions", std::move(conditions_json)},
        });
    }
    boost::json::array grants;
    for (const GrantFinding& finding : decision.grants)
        grants.push_back(boost::json::object{{"grant", finding.grant},
                                             {"outcome", name_of(finding.outcome)},
                                             {"remark", finding.remark}});
    return {{"allowed", decision.allowed()},
            {"verdict", name_of(decision.verdict)},
            {"why", decision.sentence},
            {"statements", std::move(statements)},
            {"grants", std::move(grants)}};
}

}  // namespace glovebox::kms::policy
