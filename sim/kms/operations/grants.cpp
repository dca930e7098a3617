// SPDX-License-Identifier: Apache-2.0

// CreateGrant, ListGrants, RevokeGrant, RetireGrant, ListRetirableGrants. policy/judge_grant.h has
// what a grant allows.
#include <fmt/core.h>

#include <algorithm>
#include <boost/json/array.hpp>

#include "core/base/ascii.h"
#include "sim/kms/grant_token.h"
#include "sim/kms/json.h"
#include "sim/kms/key_spec.h"
#include "sim/kms/operations/access.h"
#include "sim/kms/operations/encryption.h"
#include "sim/kms/operations/handlers.h"
#include "sim/kms/operations/paging.h"
#include "sim/kms/utf8.h"

namespace glovebox::kms {
namespace json = boost::json;

namespace {

using policy::Grant;

constexpr Range principal_length{1, 256};
constexpr Range grant_id_length{1, 128};
constexpr Range token_length{1, 8192};
constexpr Range grants_limit{1, 100};
constexpr std::size_t grants_default = 50;

// The operations that a grant may have, by the usage of its key; those of the last row by any.
const std::vector<std::pair<std::string_view, std::vector<std::string_view>>>&
operations_by_usage() {
    static const std::vector<std::pair<std::string_view, std::vector<std::string_view>>> rows{
        {usage_encrypt, {"Decrypt", "Encrypt", "ReEncryptFrom", "ReEncryptTo"}},
        {usage_sign, {"Sign", "Verify"}},
        {usage_mac, {"GenerateMac", "VerifyMac"}},
        {usage_agree, {"DeriveSharedSecret"}},
        {"", {"CreateGrant", "RetireGrant", "DescribeKey"}},
    };
    return rows;
}

const std::vector<std::string_view>& data_key_operations() {
    static const std::vector<std::string_view> names{
        "GenerateDataKey", "GenerateDataKeyWithoutPlaintext", "GenerateDataKeyPair",
        "GenerateDataKeyPairWithoutPlaintext"};
    return names;
}

std::vector<std::string_view> all_operations() {
    std::vector<std::string_view> all = data_key_operations();
    all.push_back("GetPublicKey");
    for (const auto& [usage, names] : operations_by_usage())
        all.insert(all.end(), names.begin(), names.end());
    return all;
}

bool suits(std::string_view operation, const Key& key) {
    const KeySpec& spec = *find_key_spec(key.spec);
    if (contains(data_key_operations(), operation))
        return spec.family == KeyFamily::symmetric;
    if (operation == "GetPublicKey")
        return spec.family != KeyFamily::symmetric && spec.family != KeyFamily::hmac;
    return std::any_of(
        operations_by_usage().begin(), operations_by_usage().end(), [&](const auto& row) {
            return (row.first.empty() || row.first == key.usage) && contains(row.second, operation);
        });
}

ApiError not_a_principal(const std::string& principal, std::string why) {
    return api_error("InvalidArnException",
                     fmt::format("ARN does not refer to a valid principal: {}", principal),
                     std::move(why));
}

// InvalidArnException for what is no principal.
Answer<void> check_principal(const std::string& principal) {
    const auto arn = iam::parse_arn(principal);
    if ((arn && iam::names_principal(*arn)) || iam::is_service(principal))
        return {};
    return not_a_principal(principal,
                           "the ARN of an account's root, a user, a role or a session, or a "
                           "service's name was expected");
}

// The same for one that does not exist. Which services there are is not looked up.
Answer<void> check_existing_principal(const Environment& env, const std::string& principal) {
    if (auto valid = check_principal(principal);
        !valid || iam::is_service(principal) || env.directory.exists(principal))
        return valid;
    return not_a_principal(principal, "the scene has no such user or role");
}

bool is_name_character(char c) {
    return is_alphanumeric(c) || c == ':' || c == '/' || c == '_' || c == '-';
}

// A constraint that were left out would make the grant wider than the request asks.
Answer<void> read_constraints(Input& input, const json::object& constraints, Grant& grant) {
    constexpr std::size_t pairs_max = 8;
    constexpr std::size_t context_value_max = 384;
    Input inner(constraints, "constraints.");
    for (const auto& member : constraints) {
        if (member.value().is_null())
            continue;
        const std::string_view name = member.key();
        const bool equals = name == "EncryptionContextEquals";
        if (!equals && name != "EncryptionContextSubset")
            return api_error(
                "UnsupportedOperationException",
                fmt::format("Grant constraint {} is not supported by this emulator", name));
        auto pairs = inner.string_map(name);
        for (const auto& [key, value] : pairs)
            if (count_characters(value) > context_value_max)
                return validation_error(fmt::format(
                    "Grant constraint {} has a value of {} characters; at most {} were expected.",
                    name, count_characters(value), context_value_max));
        if (pairs.size() > pairs_max)
            return validation_error(
                fmt::format("Grant constraint {} can have at most {} pairs, the request has {}.",
                            name, pairs_max, pairs.size()));
        (equals ? grant.context_equals : grant.context_subset) = std::move(pairs);
    }
    input.include(inner);
    return {};
}

struct NewGrant {
    std::string reference;
    Grant grant;
};

Answer<NewGrant> read_new_grant(Call& call) {
    Input input(call.input);
    NewGrant made;
    made.reference = input.required_text("KeyId", key_reference_length);
    Grant& grant = made.grant;
    grant.grantee = input.required_text("GranteePrincipal", principal_length);
    grant.retiring = input.text("RetiringPrincipal", principal_length).value_or("");
    grant.name = input.text("Name", Range{1, 256}).value_or("");
    grant.operations = input.texts("Operations", Range{1, all_operations().size()}, Range{1, 64});
    input.require("Operations");
    input.require_characters("Name", "^[a-zA-Z0-9:/_-]+$", is_name_character);
    const auto* constraints = input.object("Constraints");
    if (auto error = input.error())
        return *error;
    for (std::size_t i = 0; i < grant.operations.size(); ++i) {
        const json::object element{{"Operation", grant.operations[i]}};
        Input one(element, fmt::format("operations.{}.member.", i + 1));
        (void)one.choice("Operation", all_operations());
        input.include(one);
    }
    if (constraints != nullptr)
        if (auto read = read_constraints(input, *constraints, grant); !read)
            return read.error();
    if (auto error = input.error())
        return *error;
    call.request_parameters = {
        {"keyId", made.reference},
        {"granteePrincipal", grant.grantee},
        {"operations", json::array(grant.operations.begin(), grant.operations.end())}};
    if (!grant.retiring.empty())
        call.request_parameters["retiringPrincipal"] = grant.retiring;
    if (!grant.name.empty())
        call.request_parameters["name"] = grant.name;
    return made;
}

policy::RequestContext context_of_grant(const Environment& env, const Call& call,
                                        const Grant& grant) {
    policy::RequestContext context = context_of(env, call);
    context.set("kms:GranteePrincipal", grant.grantee);
    if (!grant.retiring.empty())
        context.set("kms:RetiringPrincipal", grant.retiring);
    context.set("kms:GrantOperations", grant.operations);
    if (grant.context_equals) {
        context.set("kms:GrantConstraintType", "EncryptionContextEquals");
        add_encryption_context(context, *grant.context_equals);
    }
    if (grant.context_subset) {
        context.set("kms:GrantConstraintType", "EncryptionContextSubset");
        add_encryption_context(context, *grant.context_subset);
    }
    return context;
}

Answer<void> check_new_grant(const Environment& env, const NamedKey& named, const Grant& grant) {
    for (const std::string& principal : {grant.grantee, grant.retiring})
        if (!principal.empty())
            if (auto valid = check_existing_principal(env, principal); !valid)
                return valid;
    for (const std::string& operation : grant.operations)
        if (!suits(operation, named.key))
            return validation_error(
                fmt::format("Operation {} is not valid for a KMS key with key usage {} and key "
                            "spec {}.",
                            operation, named.key.usage, named.key.spec));
    if ((grant.context_equals || grant.context_subset) && named.key.spec != symmetric_default)
        return validation_error(
            "Grant constraints are valid only for symmetric encryption KMS keys.");
    return {};
}

// The grant of that key with the same name and all else alike, which a request made before.
Answer<std::optional<Grant>> find_same(Environment& env, const Grant& wanted) {
    if (wanted.name.empty())
        return std::optional<Grant>();
    const auto grants = env.keys.grants().named(wanted.key_id, wanted.grantee, wanted.name);
    if (!grants)
        return storage_error(grants.error());
    for (const Grant& grant : *grants)
        if (grant.retiring == wanted.retiring && grant.operations == wanted.operations &&
            grant.context_equals == wanted.context_equals &&
            grant.context_subset == wanted.context_subset)
            return std::optional(grant);
    return std::optional<Grant>();
}

json::object entry_of(const Environment& env, const Grant& grant) {
    json::object entry{
        {"KeyId", env.key_arn(grant.key_id)},
        {"GrantId", grant.id},
        {"CreationDate", epoch_seconds(grant.created)},
        {"GranteePrincipal", grant.grantee},
        {"IssuingAccount",
         fmt::format("arn:{}:iam::{}:root", iam::partition_of(env.region), grant.issuing_account)},
        {"Operations", json::array(grant.operations.begin(), grant.operations.end())},
    };
    if (!grant.name.empty())
        entry["Name"] = grant.name;
    if (!grant.retiring.empty())
        entry["RetiringPrincipal"] = grant.retiring;
    json::object constraints;
    if (grant.context_equals)
        constraints["EncryptionContextEquals"] = to_json(*grant.context_equals);
    if (grant.context_subset)
        constraints["EncryptionContextSubset"] = to_json(*grant.context_subset);
    if (!constraints.empty())
        entry["Constraints"] = std::move(constraints);
    return entry;
}

json::object list_of(const Environment& env, std::vector<Grant> grants, const Page& page) {
    json::object output;
    finish_page(grants, page, output, [](const Grant& grant) { return grant.id; });
    json::array list;
    for (const Grant& grant : grants)
        list.push_back(entry_of(env, grant));
    output["Grants"] = std::move(list);
    return output;
}

ApiError no_such_grant(std::string_view id) {
    return api_error("NotFoundException", fmt::format("Grant ID {} not found", id));
}

}  // namespace

Answer<json::object> create_grant(Environment& env, Call& call) {
    auto made = read_new_grant(call);
    if (!made)
        return made.error();
    Grant& grant = made->grant;
    const auto named = find_key(env, call, made->reference, Naming::not_alias);
    if (!named)
        return named.error();
    grant.key_id = named->key.id;
    if (auto allowed = authorize(env, call, call.operation.action(), *named,
                                 context_of_grant(env, call, grant), {{}, grant});
        !allowed)
        return allowed.error();
    if (auto enabled = check_enabled(*named); !enabled)
        return enabled.error();
    if (auto valid = check_new_grant(env, *named, grant); !valid)
        return valid.error();
    const auto same = find_same(env, grant);
    if (!same)
        return same.error();
    if (call.dry_run)
        return json::object();
    // Every answer has a token of its own, also one about a grant that is there already.
    if (*same) {
        const auto secret = env.keys.grants().secret_of((*same)->id);
        if (!secret)
            return storage_error(secret.error());
        return json::object{{"GrantToken", make_grant_token((*same)->id, *secret, env.random)},
                            {"GrantId", (*same)->id}};
    }
    Bytes id(grant_id_bytes);
    env.random.fill(id);
    Bytes secret(grant_secret_bytes);
    env.random.fill(secret);
    grant.id = to_hex(id);
    grant.created = call.now;
    grant.issuing_account = call.caller.account;
    if (auto added = env.keys.grants().add(grant, secret); !added)
        return storage_error(added.error());
    return json::object{{"GrantToken", make_grant_token(grant.id, secret, env.random)},
                        {"GrantId", grant.id}};
}

Answer<json::object> list_grants(Environment& env, Call& call) {
    Input input(call.input);
    const auto id = input.text("GrantId", grant_id_length);
    const std::string grantee = input.text("GranteePrincipal", principal_length).value_or("");
    const auto page = read_page(call, input, grants_limit, grants_default);
    if (!page)
        return page.error();
    const auto named = read_allowed_key(env, call, Naming::not_alias);
    if (!named)
        return named.error();
    auto grants = env.keys.grants().of_key(named->key.id, grantee, page->after, page->limit + 1,
                                           id.value_or(""));
    if (!grants)
        return storage_error(grants.error());
    return list_of(env, std::move(*grants), *page);
}

Answer<json::object> list_retirable_grants(Environment& env, Call& call) {
    Input input(call.input);
    const std::string principal = input.required_text("RetiringPrincipal", principal_length);
    const auto page = read_page(call, input, grants_limit, grants_default);
    if (!page)
        return page.error();
    if (auto valid = check_principal(principal); !valid)
        return valid.error();
    call.request_parameters["retiringPrincipal"] = principal;
    if (auto allowed =
            authorize_without_key(env, call, call.operation.action(), "*", context_of(env, call));
        !allowed)
        return allowed.error();
    auto grants = env.keys.grants().retirable_by(principal, page->after, page->limit + 1);
    if (!grants)
        return storage_error(grants.error());
    return list_of(env, std::move(*grants), *page);
}

Answer<json::object> revoke_grant(Environment& env, Call& call) {
    Input input(call.input);
    const std::string id = input.required_text("GrantId", grant_id_length);
    if (auto error = input.error())
        return *error;
    call.request_parameters["grantId"] = id;
    const auto named = read_allowed_key(env, call, Naming::not_alias);
    if (!named)
        return named.error();
    const auto grant = env.keys.grants().find(id);
    if (!grant)
        return storage_error(grant.error());
    if (!*grant || (*grant)->key_id != named->key.id)
        return no_such_grant(id);
    if (call.dry_run)
        return json::object();
    if (const auto removed = env.keys.grants().remove(id); !removed)
        return storage_error(removed.error());
    return json::object();
}

Answer<json::object> retire_grant(Environment& env, Call& call) {
    Input input(call.input);
    const auto token = input.text("GrantToken", token_length);
    const auto reference = input.text("KeyId", key_reference_length);
    const auto id = input.text("GrantId", grant_id_length);
    if (auto error = input.error())
        return *error;
    if (!token && (!reference || !id))
        return validation_error("Either GrantToken or both of KeyId and GrantId are required.");
    const auto grant =
        token ? env.keys.grants().find_by_token(*token) : env.keys.grants().find(*id);
    if (!grant)
        return storage_error(grant.error());
    if (!*grant)
        return token ? api_error("InvalidGrantTokenException", "Invalid grant token")
                     : no_such_grant(*id);
    call.request_parameters["grantId"] = (*grant)->id;
    const std::string key = reference.value_or(env.key_arn((*grant)->key_id));
    call.request_parameters["keyId"] = key;
    const auto named = find_key(env, call, key, Naming::not_alias);
    if (!named)
        return named.error();
    if ((*grant)->key_id != named->key.id)
        return no_such_grant((*grant)->id);
    if (auto allowed = authorize(env, call, call.operation.action(), *named,
                                 context_of_grant(env, call, **grant), {{}, **grant});
        !allowed)
        return allowed.error();
    if (call.dry_run)
        return json::object();
    if (const auto removed = env.keys.grants().remove((*grant)->id); !removed)
        return storage_error(removed.error());
    return json::object();
}

}  // namespace glovebox::kms
