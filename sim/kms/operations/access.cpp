// SPDX-License-Identifier: Apache-2.0

#include "sim/kms/operations/access.h"

#include <fmt/core.h>

#include <boost/json/array.hpp>
#include <set>

#include "core/base/base64.h"
#include "sim/kms/identifier.h"
#include "sim/kms/json.h"
#include "sim/kms/key_lifecycle.h"
#include "sim/kms/key_spec.h"
#include "sim/kms/operations/condition_context.h"
#include "sim/kms/policy/decide.h"
#include "sim/kms/policy/judge_grant.h"

namespace glovebox::kms {
namespace {

// Grants that are read at a time.
constexpr std::size_t grants_at_once = 100;
// Grants whose constraint the request fails that an explanation names, and the trace keeps.
constexpr std::size_t failed_grants_max = 10;

ApiError not_found(std::string message) {
    return api_error("NotFoundException", std::move(message));
}

Answer<NamedKey> find_by_id(Environment& env, Call& call, std::string_view id) {
    const auto found = current_key(env.keys, id, call.now, env.random);
    if (!found)
        return storage_error(found.error());
    const std::string arn = env.key_arn(id);
    if (!*found)
        return not_found(fmt::format("Key '{}' does not exist", arn));
    return NamedKey{**found, arn, {}};
}

Answer<NamedKey> find_by_alias(Environment& env, Call& call, std::string_view name, Naming naming) {
    if (naming == Naming::not_alias)
        return api_error("InvalidArnException", "Key Aliases are not supported for this operation");
    const auto alias = env.keys.find_alias(name);
    if (!alias)
        return storage_error(alias.error());
    if (!*alias)
        return not_found(fmt::format("Alias {} is not found.", env.alias_arn(name)));
    auto found = find_by_id(env, call, (*alias)->key_id);
    if (found)
        found->alias = name;
    return found;
}

ApiError denied(const Call& call, std::string_view action, std::string_view resource,
                const policy::Decision& decision) {
    std::string tail;
    switch (decision.verdict) {
        case policy::Verdict::denied_by_key_policy:
            tail = "with an explicit deny in a resource-based policy";
            break;
        case policy::Verdict::denied_by_identity_policy:
            tail = "with an explicit deny in an identity-based policy";
            break;
        case policy::Verdict::no_identity_policy_allows:
            tail = fmt::format("because no identity-based policy allows the {} action", action);
            break;
        default:
            tail = fmt::format("because no resource-based policy allows the {} action", action);
    }
    return api_error("AccessDeniedException",
                     fmt::format("User: {} is not authorized to perform: {} on resource: {} {}",
                                 call.caller.arn, action, resource, tail),
                     decision.sentence);
}

// Each token is one of a grant. Grants are in force at once, so they change nothing.
Answer<void> check_grant_tokens(Environment& env, const Call& call) {
    Input input(call.input);
    const auto tokens = input.texts("GrantTokens", Range{0, 10}, Range{1, 8192});
    if (auto error = input.error())
        return *error;
    for (const std::string& token : tokens) {
        const auto grant = env.keys.grants().find_by_token(token);
        if (!grant)
            return storage_error(grant.error());
        if (!*grant)
            return api_error("InvalidGrantTokenException",
                             "The request was rejected because the specified grant token is not "
                             "valid.",
                             "no grant in this key store has that token: it is of another store, "
                             "or the grant was revoked or retired");
    }
    return {};
}

// A grant for the caller that allows the request; if there is none, the first ones that would but
// for a constraint.
Answer<std::vector<policy::Grant>> find_grants(Environment& env, const Key& key,
                                               const policy::AccessRequest& request) {
    const std::string_view operation =
        std::string_view(request.action).substr(std::string_view("kms:").size());
    std::vector<policy::Grant> failed;
    for (const std::string& grantee :
         std::set<std::string>{request.caller.arn, request.caller.entity_arn}) {
        std::string after;
        for (bool more = true; more;) {
            auto found =
                env.keys.grants().allowing(key.id, grantee, operation, after, grants_at_once);
            if (!found)
                return storage_error(found.error());
            for (policy::Grant& grant : *found) {
                const auto finding = policy::judge_grant(grant, request);
                if (finding && finding->outcome == policy::GrantOutcome::applies)
                    return std::vector{std::move(grant)};
                after = grant.id;
                if (failed.size() < failed_grants_max)
                    failed.push_back(std::move(grant));
            }
            more = found->size() == grants_at_once;
        }
    }
    return failed;
}

Answer<void> ask(Environment& env, Call& call, policy::AccessRequest request,
                 std::optional<NamedPolicy> key_policy, std::vector<policy::Grant> grants) {
    Check check;
    check.grants = std::move(grants);
    request.account = env.account;
    request.recipient = !call.operation.attestable ? policy::RecipientState::impossible
                        : call.recipient           ? policy::RecipientState::verified
                                                   : policy::RecipientState::none_sent;
    if (call.recipient)
        describe_attestation(call.recipient->document(), request.context);
    for (const auto& [key, values] : env.context.entries())
        request.context.replace(key, values);
    if (key_policy)
        check.policies.push_back(std::move(*key_policy));
    for (const NamedPolicy& policy : env.directory.policies_of(call.caller))
        check.policies.push_back(policy);
    std::vector<policy::AttachedPolicy> attached;
    for (const NamedPolicy& policy : check.policies)
        attached.push_back(policy.attached);
    check.decision = policy::decide(request, attached, check.grants);
    check.request = std::move(request);
    call.checks.push_back(std::move(check));
    const Check& asked = call.checks.back();
    if (!asked.decision.allowed())
        return denied(call, asked.request.action, asked.request.resource, asked.decision);
    return {};
}

}  // namespace

ApiError storage_error(const Error& error) {
    return internal_error(error.message);
}

Answer<NamedKey> find_key(Environment& env, Call& call, std::string_view reference, Naming naming) {
    std::string_view resource = reference;
    std::string account = call.caller.account;
    const auto arn = iam::parse_arn(reference);
    if (arn) {
        if (arn->service != "kms" || arn->partition != iam::partition_of(env.region))
            return not_found(fmt::format("Invalid arn {}", reference));
        if (arn->region != env.region)
            return not_found(fmt::format("Invalid arn {}", arn->region));
        account = arn->account;
        resource = arn->resource;
    } else if (reference.starts_with("arn:")) {
        return api_error("InvalidArnException", fmt::format("Invalid arn {}", reference));
    }
    const bool alias = resource.starts_with("alias/");
    if (arn && !alias) {
        if (!resource.starts_with("key/"))
            return not_found(fmt::format("Invalid arn {}", reference));
        resource.remove_prefix(4);
    }
    if (!alias && !is_key_id(resource))
        return not_found(fmt::format("Invalid keyId '{}'", resource));
    if (account != env.account)
        return api_error(
            "NotFoundException",
            alias ? fmt::format("Alias arn:{}:kms:{}:{}:{} is not found.",
                                iam::partition_of(env.region), env.region, account, resource)
                  : fmt::format("Key 'arn:{}:kms:{}:{}:key/{}' does not exist",
                                iam::partition_of(env.region), env.region, account, resource),
            fmt::format("all keys here belong to account {}; another account's caller must name "
                        "them by their ARN",
                        env.account));
    auto found =
        alias ? find_by_alias(env, call, resource, naming) : find_by_id(env, call, resource);
    if (found)
        call.resources.push_back(found->arn);
    return found;
}

Answer<void> authorize(Environment& env, Call& call, std::string_view action, const NamedKey& named,
                       policy::RequestContext context, RequestDetails details) {
    const Key& key = named.key;
    if (auto valid = check_grant_tokens(env, call); !valid)
        return valid;
    if (auto added = add_key(env, context, named); !added)
        return added;
    auto parsed = policy::parse_policy(key.policy, policy::PolicyKind::key);
    if (!parsed)
        return internal_error("the stored policy of " + named.arn + ": " + parsed.error().message);
    policy::AccessRequest request;
    request.action = action;
    request.resource = named.arn;
    request.context = std::move(context);
    request.encryption_context = std::move(details.encryption_context);
    request.grant = details.grant;
    request.caller = call.caller;
    auto grants = action == policy::retire_grant
                      ? Answer<std::vector<policy::Grant>>(std::vector{*details.grant})
                      : find_grants(env, key, request);
    if (!grants)
        return grants.error();
    return ask(
        env, call, std::move(request),
        NamedPolicy{key.policy, {"the key policy", policy::PolicyKind::key, std::move(*parsed)}},
        std::move(*grants));
}

Answer<NamedKey> find_allowed_key(Environment& env, Call& call, const std::string& reference,
                                  Naming naming, policy::RequestContext context) {
    call.request_parameters["keyId"] = reference;
    auto named = find_key(env, call, reference, naming);
    if (!named)
        return named;
    if (auto allowed = authorize(env, call, call.operation.action(), *named, std::move(context));
        !allowed)
        return allowed.error();
    return named;
}

Answer<NamedKey> read_allowed_key(Environment& env, Call& call, Naming naming) {
    Input input(call.input);
    const std::string reference = input.required_text("KeyId", key_reference_length);
    if (auto error = input.error())
        return *error;
    return find_allowed_key(env, call, reference, naming, context_of(env, call));
}

Answer<void> authorize_without_key(Environment& env, Call& call, std::string_view action,
                                   std::string resource, policy::RequestContext context) {
    policy::AccessRequest request;
    request.action = action;
    request.resource = std::move(resource);
    request.context = std::move(context);
    request.caller = call.caller;
    return ask(env, call, std::move(request), std::nullopt, {});
}

Answer<void> authorize_creation(Environment& env, Call& call, std::string_view action,
                                const Tags& tags, policy::RequestContext context) {
    if (auto allowed = authorize_without_key(env, call, action, "*", context); !allowed)
        return allowed;
    if (tags.empty())
        return {};
    return authorize_without_key(env, call, "kms:TagResource", "*", std::move(context));
}

Answer<void> check_enabled(const NamedKey& named) {
    switch (named.key.state) {
        case KeyState::enabled:
            return {};
        case KeyState::disabled:
            return api_error("DisabledException", fmt::format("{} is disabled.", named.arn));
        default:
            return not_in_state(named);
    }
}

ApiError not_in_state(const NamedKey& named) {
    const std::string_view state = named.key.state == KeyState::pending_import ? "pending import"
                                   : named.key.state == KeyState::pending_replica_deletion
                                       ? "pending replica deletion"
                                       : "pending deletion";
    return api_error("KMSInvalidStateException", fmt::format("{} is {}.", named.arn, state));
}

Answer<void> check_not_ending(const NamedKey& named) {
    if (named.key.state == KeyState::pending_deletion ||
        named.key.state == KeyState::pending_replica_deletion)
        return not_in_state(named);
    return {};
}

Answer<void> check_origin(const NamedKey& named, std::string_view origin) {
    if (named.key.origin == origin)
        return {};
    return api_error("UnsupportedOperationException",
                     fmt::format("{} origin is {} which is not valid for this operation.",
                                 named.arn, named.key.origin));
}

Answer<void> may_use(Environment& env, Call& call, const NamedKey& named, KeyUse use) {
    if (use.encryption_context != nullptr)
        add_encryption_context(use.conditions, *use.encryption_context);
    const std::string action =
        use.action.empty() ? call.operation.action() : std::string(use.action);
    RequestDetails details;
    if (use.encryption_context != nullptr && named.key.spec == symmetric_default)
        details.encryption_context = *use.encryption_context;
    if (auto allowed =
            authorize(env, call, action, named, std::move(use.conditions), std::move(details));
        !allowed)
        return allowed;
    if (auto enabled = check_enabled(named); !enabled)
        return enabled;
    const KeySpec& spec = *find_key_spec(named.key.spec);
    if (named.key.usage != use.usage ||
        (use.is_symmetric_only && spec.family != KeyFamily::symmetric))
        return api_error("InvalidKeyUsageException",
                         fmt::format("{} key usage is {} which is not valid for {}.", named.arn,
                                     named.key.usage, call.operation.name));
    if (!use.algorithm.empty() && !contains(algorithms_of(spec, use.usage), use.algorithm))
        return api_error("InvalidKeyUsageException",
                         fmt::format("Algorithm {} is incompatible with key spec {}.",
                                     use.algorithm, spec.name));
    if (use.encryption_context != nullptr && !use.encryption_context->empty() &&
        spec.family != KeyFamily::symmetric)
        return validation_error(
            "You cannot specify EncryptionContext when using an asymmetric KMS key");
    return {};
}

Answer<NamedKey> use_key(Environment& env, Call& call, std::string_view reference, KeyUse use) {
    auto named = find_key(env, call, reference, Naming::any_form);
    if (!named)
        return named;
    if (auto allowed = may_use(env, call, *named, std::move(use)); !allowed)
        return allowed.error();
    return named;
}

Answer<void> read_recipient(Environment& env, Call& call) {
    Input input(call.input);
    const auto* member = input.object("Recipient");
    if (member == nullptr) {
        if (auto error = input.error())
            return *error;
        return {};
    }
    Input recipient(*member, "recipient.");
    const std::string algorithm =
        recipient.required_choice("KeyEncryptionAlgorithm", {"RSAES_OAEP_SHA_256"});
    const Bytes document =
        recipient.required_blob("AttestationDocument", Range{1, attestation_document_bytes_max});
    if (auto error = recipient.error())
        return *error;
    auto verified = Recipient::verify(document, env.roots, call.now, &env.recipients);
    if (!verified)
        return validation_error(
            "The attestation document in the request is not valid: " + verified.error().message,
            verified.error().message);
    call.recipient = std::move(*verified);
    return {};
}

void put_secret(Environment& env, const Call& call, boost::json::object& output,
                std::string_view member, BytesView secret) {
    if (call.recipient)
        output["CiphertextForRecipient"] = to_base64(call.recipient->seal(secret, env.random));
    else
        output[member] = to_base64(secret);
}

boost::json::array to_array(const std::vector<std::string_view>& names) {
    boost::json::array out;
    for (const std::string_view name : names)
        out.emplace_back(name);
    return out;
}

}  // namespace glovebox::kms
