// SPDX-License-Identifier: Apache-2.0

#include "sim/kms/operations/access.h"

#include <fmt/core.h>

#include <boost/json/array.hpp>

#include "core/base/base64.h"
#include "sim/kms/identifier.h"
#include "sim/kms/json.h"
#include "sim/kms/key_spec.h"
#include "sim/kms/operations/condition_context.h"
#include "sim/kms/policy/decide.h"

namespace glovebox::kms {
namespace {

ApiError not_found(std::string message) {
    return api_error("NotFoundException", std::move(message));
}

Answer<NamedKey> find_by_id(Environment& env, Call& call, std::string_view id) {
    auto found = env.keys.find(id);
    if (!found)
        return storage_error(found.error());
    const std::string arn = env.key_arn(id);
    if (*found && (*found)->deletion && *(*found)->deletion <= call.now) {
        if (auto removed = env.keys.remove_due(call.now); !removed)
            return storage_error(removed.error());
        found->reset();
    }
    if (!*found)
        return not_found(fmt::format("Key '{}' does not exist", arn));
    return NamedKey{std::move(**found), arn, {}};
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

Answer<void> ask(Environment& env, Call& call, policy::AccessRequest request,
                 std::optional<NamedPolicy> key_policy) {
    Check check;
    request.caller = call.caller;
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
    check.decision = policy::decide(request, attached);
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
                       policy::RequestContext context) {
    const Key& key = named.key;
    if (auto added = add_key(env, context, named); !added)
        return added;
    auto parsed = policy::parse_policy(key.policy, policy::PolicyKind::key);
    if (!parsed)
        return internal_error("the stored policy of " + named.arn + ": " + parsed.error().message);
    policy::AccessRequest request;
    request.action = action;
    request.resource = named.arn;
    request.context = std::move(context);
    return ask(
        env, call, std::move(request),
        NamedPolicy{key.policy, {"the key policy", policy::PolicyKind::key, std::move(*parsed)}});
}

Answer<NamedKey> read_allowed_key(Environment& env, Call& call) {
    Input input(call.input);
    const std::string reference = input.required_text("KeyId", key_reference_length);
    read_grant_tokens(input);
    if (auto error = input.error())
        return *error;
    call.request_parameters["keyId"] = reference;
    auto named = find_key(env, call, reference, Naming::any_form);
    if (!named)
        return named.error();
    if (auto allowed = authorize(env, call, call.operation.action(), *named, context_of(env, call));
        !allowed)
        return allowed.error();
    return named;
}

Answer<void> authorize_without_key(Environment& env, Call& call, std::string_view action,
                                   std::string resource, policy::RequestContext context) {
    policy::AccessRequest request;
    request.action = action;
    request.resource = std::move(resource);
    request.context = std::move(context);
    return ask(env, call, std::move(request), std::nullopt);
}

Answer<void> check_enabled(const NamedKey& named) {
    switch (named.key.state) {
        case KeyState::enabled:
            return {};
        case KeyState::disabled:
            return api_error("DisabledException", fmt::format("{} is disabled.", named.arn));
        case KeyState::pending_deletion:
            break;
    }
    return api_error("KMSInvalidStateException", fmt::format("{} is pending deletion.", named.arn));
}

Answer<void> may_use(Environment& env, Call& call, const NamedKey& named, KeyUse use) {
    if (use.encryption_context != nullptr)
        add_encryption_context(use.conditions, *use.encryption_context);
    const std::string action =
        use.action.empty() ? call.operation.action() : std::string(use.action);
    if (auto allowed = authorize(env, call, action, named, std::move(use.conditions)); !allowed)
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
    auto verified = Recipient::verify(document, env.roots, call.now, &env.chains);
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

void put_algorithms(boost::json::object& output, const Key& key) {
    const std::string_view member = key.usage == usage_encrypt ? "EncryptionAlgorithms"
                                    : key.usage == usage_sign  ? "SigningAlgorithms"
                                    : key.usage == usage_mac   ? "MacAlgorithms"
                                                               : "KeyAgreementAlgorithms";
    output[member] = to_array(algorithms_of(*find_key_spec(key.spec), key.usage));
}

boost::json::array to_array(const std::vector<std::string_view>& names) {
    boost::json::array out;
    for (const std::string_view name : names)
        out.emplace_back(name);
    return out;
}

boost::json::object metadata_of(const Environment& env, const Key& key) {
    const KeySpec& spec = *find_key_spec(key.spec);
    boost::json::object out{
        {"AWSAccountId", env.account},
        {"KeyId", key.id},
        {"Arn", env.key_arn(key.id)},
        {"CreationDate", epoch_seconds(key.created)},
        {"Enabled", key.state == KeyState::enabled},
        {"Description", key.description},
        {"KeyUsage", key.usage},
        {"KeyState", name_of(key.state)},
        {"Origin", "AWS_KMS"},
        {"KeyManager", "CUSTOMER"},
        {"CustomerMasterKeySpec", key.spec},
        {"KeySpec", key.spec},
    };
    if (key.deletion)
        out["DeletionDate"] = epoch_seconds(*key.deletion);
    put_algorithms(out, key);
    out["MultiRegion"] = key.multi_region;
    if (key.multi_region)
        out["MultiRegionConfiguration"] = boost::json::object{
            {"MultiRegionKeyType", "PRIMARY"},
            {"PrimaryKey",
             boost::json::object{{"Arn", env.key_arn(key.id)}, {"Region", env.region}}},
            {"ReplicaKeys", boost::json::array()},
        };
    if (spec.family == KeyFamily::symmetric)
        out["CurrentKeyMaterialId"] = to_hex(key.material_id);
    return out;
}

void read_grant_tokens(Input& input) {
    (void)input.texts("GrantTokens", Range{0, 10}, Range{1, 8192});
}

}  // namespace glovebox::kms
