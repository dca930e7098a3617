// SPDX-License-Identifier: Apache-2.0

#include "sim/kms/policy/judge_grant.h"

#include <fmt/core.h>

#include <algorithm>

#include "core/base/printable.h"

namespace glovebox::kms::policy {
namespace {

using Pairs = Grant::Pairs;

bool is(const std::string& arn, const iam::Principal& caller) {
    return !arn.empty() && (arn == caller.arn || arn == caller.entity_arn);
}

bool is_issuer(const Grant& grant, const iam::Principal& caller) {
    return caller.kind == iam::Principal::Kind::root && caller.account == grant.issuing_account;
}

bool has_pairs(const Pairs& all, const Pairs& wanted) {
    return std::all_of(wanted.begin(), wanted.end(), [&all](const auto& pair) {
        const auto found = all.find(pair.first);
        return found != all.end() && found->second == pair.second;
    });
}

std::string spelled(const Pairs& pairs) {
    std::string out;
    for (const auto& [name, value] : pairs)
        out += fmt::format("{}{}={}", out.empty() ? "" : ", ", shown(name), shown(value));
    return "{" + out + "}";
}

std::string remark_on_context(const Grant& grant, const Pairs& context) {
    if (grant.context_equals && context != *grant.context_equals)
        return fmt::format("its constraint EncryptionContextEquals is {}, the request has {}",
                           spelled(*grant.context_equals), spelled(context));
    if (grant.context_subset && !has_pairs(context, *grant.context_subset))
        return fmt::format("its constraint EncryptionContextSubset is {}, the request has {}",
                           spelled(*grant.context_subset), spelled(context));
    return {};
}

// Why a grant may not make another one.
std::string remark_on_new_grant(const Grant& grant, const Grant& made) {
    for (const std::string& operation : made.operations)
        if (!grant.allows(operation))
            return fmt::format("it cannot pass on {}, which it does not have", operation);
    const bool equals_kept = !grant.context_equals || made.context_equals == grant.context_equals;
    const bool subset_kept =
        !grant.context_subset ||
        (made.context_equals && has_pairs(*made.context_equals, *grant.context_subset)) ||
        (made.context_subset && has_pairs(*made.context_subset, *grant.context_subset));
    if (!equals_kept || !subset_kept)
        return "the new grant has a weaker constraint than the one that allows CreateGrant";
    return {};
}

}  // namespace

std::optional<GrantFinding> judge_grant(const Grant& grant, const AccessRequest& request) {
    const bool is_grantee = is(grant.grantee, request.caller);
    constexpr std::string_view prefix = "kms:";
    const std::string_view operation = std::string_view(request.action).substr(prefix.size());
    GrantFinding finding{grant.called(), GrantOutcome::applies, {}};
    if (request.action == retire_grant) {
        const bool is_meant = request.grant && request.grant->id == grant.id;
        const bool may_always =
            is(grant.retiring, request.caller) || is_issuer(grant, request.caller);
        if (!is_meant || (!is_grantee && !may_always))
            return std::nullopt;
        if (!may_always && !grant.allows(operation))
            finding.outcome = GrantOutcome::other_operation;
        return finding;
    }
    if (!is_grantee)
        return std::nullopt;
    if (!grant.allows(operation)) {
        finding.outcome = GrantOutcome::other_operation;
        return finding;
    }
    if (operation == "CreateGrant" && request.grant)
        finding.remark = remark_on_new_grant(grant, *request.grant);
    else if (request.encryption_context)
        finding.remark = remark_on_context(grant, *request.encryption_context);
    if (!finding.remark.empty())
        finding.outcome = GrantOutcome::constraint_failed;
    return finding;
}

}  // namespace glovebox::kms::policy
