// SPDX-License-Identifier: Apache-2.0

// CreateAlias, UpdateAlias, DeleteAlias, ListAliases.
#include <fmt/core.h>

#include <algorithm>
#include <boost/json/array.hpp>

#include "core/base/ascii.h"
#include "sim/kms/json.h"
#include "sim/kms/operations/access.h"
#include "sim/kms/operations/handlers.h"
#include "sim/kms/operations/paging.h"

namespace glovebox::kms {
namespace json = boost::json;

namespace {

constexpr Range alias_name_length{1, 256};
constexpr std::size_t aliases_of_a_key_max = 50;

Answer<void> check_alias_name(std::string_view name) {
    if (!name.starts_with("alias/"))
        return validation_error(
            "Alias must start with the prefix \"alias/\". Please see "
            "https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html");
    const std::string_view rest = name.substr(6);
    const bool valid = !rest.empty() && std::all_of(rest.begin(), rest.end(), [](char c) {
        return is_alphanumeric(c) || c == '/' || c == '_' || c == '-' || c == ':';
    });
    if (!valid)
        return api_error("InvalidAliasNameException",
                         "Alias contains invalid characters. Alias can only contain alphanumeric "
                         "characters, forward slashes (/), underscores (_), and dashes (-)");
    if (name.starts_with("alias/aws/"))
        return api_error("NotAuthorizedException",
                         "Operation not allowed for aliases that begin with alias/aws/");
    return {};
}

ApiError alias_not_found(const Environment& env, std::string_view name) {
    return api_error("NotFoundException",
                     fmt::format("Alias {} is not found.", env.alias_arn(name)));
}

// The action is asked of the IAM policies for the alias, and of the key's policy for the key.
Answer<void> authorize_both(Environment& env, Call& call, std::string_view name,
                            const NamedKey& named) {
    const std::string action = call.operation.action();
    if (auto allowed =
            authorize_without_key(env, call, action, env.alias_arn(name), context_of(env, call));
        !allowed)
        return allowed;
    return authorize(env, call, action, named, context_of(env, call));
}

// LimitExceededException if the key has as many aliases as it may have.
Answer<void> check_room(Environment& env, const Key& key) {
    const auto others = env.keys.list_aliases(key.id, "", aliases_of_a_key_max);
    if (!others)
        return storage_error(others.error());
    if (others->size() >= aliases_of_a_key_max)
        return api_error("LimitExceededException",
                         fmt::format("Alias limit of {} per key exceeded", aliases_of_a_key_max));
    return {};
}

struct AliasRequest {
    std::string name;
    NamedKey target;
};

Answer<AliasRequest> read_alias_and_target(Environment& env, Call& call) {
    Input input(call.input);
    const std::string name = input.required_text("AliasName", alias_name_length);
    const std::string target = input.required_text("TargetKeyId", key_reference_length);
    if (auto error = input.error())
        return *error;
    call.request_parameters = {{"aliasName", name}, {"targetKeyId", target}};
    if (auto valid = check_alias_name(name); !valid)
        return valid.error();
    auto named = find_key(env, call, target, Naming::not_alias);
    if (!named)
        return named.error();
    return AliasRequest{name, std::move(*named)};
}

}  // namespace

Answer<json::object> create_alias(Environment& env, Call& call) {
    const auto request = read_alias_and_target(env, call);
    if (!request)
        return request.error();
    if (auto allowed = authorize_both(env, call, request->name, request->target); !allowed)
        return allowed.error();
    if (auto kept = check_not_ending(request->target); !kept)
        return kept.error();
    const auto taken = env.keys.find_alias(request->name);
    if (!taken)
        return storage_error(taken.error());
    const auto already = api_error(
        "AlreadyExistsException",
        fmt::format("An alias with the name {} already exists", env.alias_arn(request->name)));
    if (*taken)
        return already;
    if (auto room = check_room(env, request->target.key); !room)
        return room.error();
    const auto added =
        env.keys.add_alias({request->name, request->target.key.id, call.now, call.now});
    if (!added)
        return storage_error(added.error());
    if (!*added)
        return already;
    return json::object();
}

Answer<json::object> update_alias(Environment& env, Call& call) {
    const auto request = read_alias_and_target(env, call);
    if (!request)
        return request.error();
    const auto alias = env.keys.find_alias(request->name);
    if (!alias)
        return storage_error(alias.error());
    if (!*alias)
        return alias_not_found(env, request->name);
    const auto former = find_key(env, call, (*alias)->key_id, Naming::not_alias);
    if (!former)
        return former.error();
    if (auto allowed = authorize_both(env, call, request->name, *former); !allowed)
        return allowed.error();
    if (auto allowed =
            authorize(env, call, call.operation.action(), request->target, context_of(env, call));
        !allowed)
        return allowed.error();
    if (auto kept = check_not_ending(request->target); !kept)
        return kept.error();
    const Key& from = former->key;
    const Key& to = request->target.key;
    if (from.usage != to.usage ||
        (from.spec == "SYMMETRIC_DEFAULT") != (to.spec == "SYMMETRIC_DEFAULT"))
        return validation_error(
            fmt::format("Alias {} is associated with a key of usage {} and spec {}; it can't be "
                        "moved to one of "
                        "usage {} and spec {}",
                        request->name, from.usage, from.spec, to.usage, to.spec));
    if (from.id != to.id)
        if (auto room = check_room(env, to); !room)
            return room.error();
    const auto updated = env.keys.update_alias(request->name, to.id, call.now);
    if (!updated)
        return storage_error(updated.error());
    if (!*updated)
        return alias_not_found(env, request->name);
    return json::object();
}

Answer<json::object> delete_alias(Environment& env, Call& call) {
    Input input(call.input);
    const std::string name = input.required_text("AliasName", alias_name_length);
    if (auto error = input.error())
        return *error;
    call.request_parameters["aliasName"] = name;
    if (auto valid = check_alias_name(name); !valid)
        return valid.error();
    const auto alias = env.keys.find_alias(name);
    if (!alias)
        return storage_error(alias.error());
    if (!*alias)
        return alias_not_found(env, name);
    const auto named = find_key(env, call, (*alias)->key_id, Naming::not_alias);
    if (!named)
        return named.error();
    if (auto allowed = authorize_both(env, call, name, *named); !allowed)
        return allowed.error();
    const auto removed = env.keys.remove_alias(name);
    if (!removed)
        return storage_error(removed.error());
    if (!*removed)
        return alias_not_found(env, name);
    return json::object();
}

Answer<json::object> list_aliases(Environment& env, Call& call) {
    Input input(call.input);
    const auto reference = input.text("KeyId", key_reference_length);
    const auto page = read_page(call, input, Range{1, 100}, 50);
    if (!page)
        return page.error();
    if (auto allowed =
            authorize_without_key(env, call, call.operation.action(), "*", context_of(env, call));
        !allowed)
        return allowed.error();
    std::string key_id;
    if (reference) {
        call.request_parameters["keyId"] = *reference;
        const auto named = find_key(env, call, *reference, Naming::not_alias);
        if (!named)
            return named.error();
        key_id = named->key.id;
    }
    auto aliases = env.keys.list_aliases(key_id, page->after, page->limit + 1);
    if (!aliases)
        return storage_error(aliases.error());
    json::object output;
    finish_page(*aliases, *page, output, [](const Alias& alias) { return alias.name; });
    json::array list;
    for (const Alias& alias : *aliases)
        list.push_back(json::object{
            {"AliasName", alias.name},
            {"AliasArn", env.alias_arn(alias.name)},
            {"TargetKeyId", alias.key_id},
            {"CreationDate", epoch_seconds(alias.created)},
            {"LastUpdatedDate", epoch_seconds(alias.updated)},
        });
    output["Aliases"] = std::move(list);
    return output;
}

}  // namespace glovebox::kms
