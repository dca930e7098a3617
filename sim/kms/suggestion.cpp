// SPDX-License-Identifier: Apache-2.0

#include "sim/kms/suggestion.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <boost/json/array.hpp>
#include <initializer_list>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/json_reader.h"
#include "core/base/json_text.h"
#include "sim/kms/policy/decide.h"
#include "sim/kms/policy/decision.h"
#include "sim/kms/record.h"

namespace glovebox::kms {
namespace {

namespace json = boost::json;
using policy::Outcome;

// An action, a principal, a resource and a condition.
constexpr int edits_max = 4;

policy::Decision decide(const Check& check) {
    std::vector<policy::AttachedPolicy> policies;
    for (const NamedPolicy& one : check.policies)
        policies.push_back(one.attached);
    return policy::decide(check.request, policies, check.grants);
}

// A member of a policy may be one value or a list of them.
json::array* list_in(json::object& statement, std::string_view name) {
    json::value* const value = statement.if_contains(name);
    if (value == nullptr)
        return nullptr;
    if (!value->is_array())
        *value = json::array{*value};
    return &value->get_array();
}

// What the request would need to meet the condition, where no edit of the policy should.
std::string needed_for(const policy::ConditionFinding& condition,
                       const policy::AccessRequest& request) {
    const bool is_of_recipient = condition.key.starts_with("kms:RecipientAttestation:");
    if (!condition.actual || condition.actual->empty())
        return is_of_recipient && request.recipient == policy::RecipientState::none_sent
                   ? "The request needs a Recipient: an attestation document of the enclave"
                   : fmt::format("The request needs a value for {}", condition.key);
    const std::string& found = condition.actual->front();
    return is_of_recipient && found.find_first_not_of('0') == found.npos
               ? "The enclave needs to run without debug mode, in which all its PCRs are zeros"
               : "";
}

// What one statement lacks, fixed in its JSON. The sentence says what was changed; it is empty if
// nothing could be. `needs` says what the request would need instead.
std::string fix(json::object& statement, const policy::StatementFinding& finding,
                const policy::AccessRequest& request, std::string& needs) {
    const auto add = [](json::array* list, std::string_view value, std::string_view member) {
        if (list == nullptr)
            return std::string();
        list->emplace_back(value);
        return fmt::format("add \"{}\" to its {}", value, member);
    };
    switch (finding.outcome) {
        case Outcome::other_action:
            return add(list_in(statement, "Action"), request.action, "Action");
        case Outcome::other_resource:
            return add(list_in(statement, "Resource"), request.resource, "Resource");
        case Outcome::other_principal: {
            json::value* const principal = statement.if_contains("Principal");
            return principal != nullptr && principal->is_object()
                       ? add(list_in(principal->get_object(), "AWS"), request.caller.entity_arn,
                             "Principal")
                       : std::string();
        }
        case Outcome::condition_failed:
            break;
        default:
            return {};
    }
    std::string changed;
    for (const policy::ConditionFinding& condition : finding.conditions) {
        if (condition.met)
            continue;
        if (condition.not_emulated)
            return {};
        if (needs = needed_for(condition, request); !needs.empty())
            return {};
        json::value* const conditions = statement.if_contains("Condition");
        json::value* const tests =
            conditions != nullptr && conditions->is_object()
                ? conditions->get_object().if_contains(condition.operator_name)
                : nullptr;
        if (tests == nullptr || !tests->is_object())
            return {};
        json::value found;
        if (condition.actual->size() == 1)
            found = condition.actual->front();
        else
            found = json::array(condition.actual->begin(), condition.actual->end());
        tests->get_object()[condition.key] = found;
        changed += fmt::format("{}set {} {} to {}", changed.empty() ? "" : ", and ",
                               condition.operator_name, condition.key, json_text(found));
    }
    return changed;
}

// The JSON of a statement; null where the policy's form is another.
json::object* statement_in(json::value& policy, std::size_t index) {
    json::value* const statements =
        policy.is_object() ? policy.get_object().if_contains("Statement") : nullptr;
    if (statements == nullptr)
        return nullptr;
    if (statements->is_object())
        return index == 0 ? &statements->get_object() : nullptr;
    if (!statements->is_array() || index >= statements->get_array().size())
        return nullptr;
    return statements->get_array()[index].if_object();
}

struct Attempt {
    std::optional<Suggestion> suggestion;
    std::string needs;
};

// Fixes one statement until the request is allowed.
Attempt attempt(const Check& check, std::size_t policy_index, std::size_t statement_index,
                std::size_t finding_index, policy::Decision decision) {
    Attempt made;
    Check edited = check;
    NamedPolicy& policy = edited.policies[policy_index];
    auto tree = read_json(policy.text);
    if (!tree)
        return made;
    const std::string before = json_document(*tree);
    std::string changes;
    for (int edit = 0; edit < edits_max; ++edit) {
        json::object* const statement = statement_in(*tree, statement_index);
        if (statement == nullptr || finding_index >= decision.findings.size())
            return made;
        const policy::StatementFinding finding = decision.findings[finding_index];
        const std::string change = fix(*statement, finding, edited.request, made.needs);
        if (change.empty())
            return made;
        changes += (changes.empty() ? "" : "; ") + change;
        policy.text = json_text(*tree);
        auto parsed = policy::parse_policy(policy.text, policy.attached.kind);
        if (!parsed)
            return made;
        policy.attached.policy = std::move(*parsed);
        decision = decide(edited);
        if (!decision.allowed())
            continue;
        made.suggestion = Suggestion{
            fmt::format("In statement {} of {}, {}", finding.statement, finding.policy, changes),
            finding.policy, before, json_document(*tree)};
        return made;
    }
    return made;
}

// The nearer a statement is to the request, the earlier it is tried.
int distance(Outcome outcome) {
    constexpr std::array order{Outcome::condition_failed, Outcome::other_action,
                               Outcome::other_resource, Outcome::other_principal};
    const auto* const found = std::find(order.begin(), order.end(), outcome);
    return found == order.end() ? -1 : static_cast<int>(found - order.begin());
}

std::optional<Suggestion> suggest_for(const Check& check, const policy::Decision& decision) {
    // Either policy may be what was forgotten where the key's leaves it to the caller's.
    const bool concerns_both = decision.verdict == policy::Verdict::no_identity_policy_allows;
    if (!concerns_both && decision.verdict != policy::Verdict::no_key_policy_allows)
        return std::nullopt;
    struct Candidate {
        std::size_t policy;
        std::size_t statement;
        std::size_t finding;
    };
    std::vector<Candidate> candidates;
    std::size_t finding = 0;
    for (std::size_t i = 0; i < check.policies.size(); ++i)
        for (std::size_t j = 0; j < check.policies[i].attached.policy.statements.size();
             ++j, ++finding) {
            if (finding >= decision.findings.size())
                break;
            const auto& one = decision.findings[finding];
            if ((concerns_both || one.kind == policy::PolicyKind::key) &&
                one.effect == policy::Effect::allow && distance(one.outcome) >= 0)
                candidates.push_back({i, j, finding});
        }
    std::stable_sort(candidates.begin(), candidates.end(), [&](const auto& one, const auto& other) {
        return distance(decision.findings[one.finding].outcome) <
               distance(decision.findings[other.finding].outcome);
    });
    std::string needs;
    for (const Candidate& one : candidates) {
        Attempt made = attempt(check, one.policy, one.statement, one.finding, decision);
        if (needs.empty() && !made.needs.empty())
            needs = std::move(made.needs);
        // A policy that asks for an attestation is not to be widened around it.
        if (!needs.empty())
            return Suggestion{needs, "", "", ""};
        if (made.suggestion)
            return made.suggestion;
    }
    return std::nullopt;
}

}  // namespace

Result<std::optional<Suggestion>> suggest(const json::object& record) {
    const json::value* const checks = record.if_contains("checks");
    if (checks == nullptr || !checks->is_array())
        return std::optional<Suggestion>();
    for (const json::value& one : checks->get_array()) {
        if (!one.is_object())
            return invalid_input("the trace's record has a check that is not an object");
        auto check = parse_check(one.get_object());
        if (!check)
            return check.error();
        if (const policy::Decision decision = decide(*check); !decision.allowed())
            return suggest_for(*check, decision);
    }
    return std::optional<Suggestion>();
}

}  // namespace glovebox::kms
