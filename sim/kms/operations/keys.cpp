// SPDX-License-Identifier: Apache-2.0

// CreateKey, DescribeKey, ListKeys, EnableKey, DisableKey, ScheduleKeyDeletion, CancelKeyDeletion.
#include <fmt/core.h>

#include <boost/json/array.hpp>

#include "core/base/base64.h"
#include "sim/kms/identifier.h"
#include "sim/kms/json.h"
#include "sim/kms/key_material.h"
#include "sim/kms/key_spec.h"
#include "sim/kms/operations/access.h"
#include "sim/kms/operations/handlers.h"
#include "sim/kms/operations/key_policy.h"
#include "sim/kms/operations/paging.h"

namespace glovebox::kms {
namespace json = boost::json;

namespace {

constexpr std::size_t tags_max = 50;
constexpr Range deletion_window_days{7, 30};
constexpr std::int64_t default_deletion_window_days = 30;

ApiError unsupported(std::string message) {
    return api_error("UnsupportedOperationException", std::move(message));
}

Answer<Tags> read_tags(Input& input) {
    Tags tags;
    const auto* list = input.array("Tags");
    if (list == nullptr)
        return tags;
    std::size_t number = 0;
    for (const json::value& element : *list) {
        ++number;
        if (!element.is_object())
            return api_error("SerializationException", "Tags: a list of objects was expected");
        Input tag(element.get_object(), fmt::format("tags.{}.member.", number));
        const std::string name = tag.required_text("TagKey", Range{1, 128});
        const std::string value = tag.required_text("TagValue", Range{0, 256});
        input.include(tag);
        if (name.starts_with("aws:"))
            return api_error("TagException", "Tags beginning with aws: are reserved");
        if (!tags.emplace(name, value).second)
            return api_error("TagException", "Duplicate tag keys");
    }
    if (tags.size() > tags_max)
        return api_error("TagException", "Too many tags");
    return tags;
}

// The spec and the usage of a key to create, with the API's defaults.
Answer<const KeySpec*> choose_spec(const std::string& name, std::string& usage) {
    const KeySpec* spec = find_key_spec(name);
    if (usage.empty()) {
        if (spec->family != KeyFamily::symmetric)
            return validation_error(
                "You must specify a KeyUsage value for all KMS keys except for symmetric "
                "encryption keys.");
        usage = usage_encrypt;
    }
    if (!contains(spec->usages, usage))
        return validation_error(
            fmt::format("KeyUsage {} is not compatible with KeySpec {}", usage, name));
    if (spec->family == KeyFamily::unsupported)
        return unsupported(fmt::format("KeySpec {} is not supported by this emulator", name));
    return spec;
}

Answer<NamedKey> named_key(Environment& env, Call& call) {
    Input input(call.input);
    const std::string reference = input.required_text("KeyId", key_reference_length);
    if (auto error = input.error())
        return *error;
    call.request_parameters["keyId"] = reference;
    return find_key(env, call, reference, Naming::not_alias);
}

Answer<void> store_state(Environment& env, const NamedKey& named, KeyState state,
                         std::optional<TimePoint> deletion = std::nullopt) {
    if (auto done = env.keys.set_state(named.key.id, state, deletion); !done)
        return storage_error(done.error());
    return {};
}

Answer<json::object> enable_or_disable(Environment& env, Call& call, KeyState state) {
    const auto named = named_key(env, call);
    if (!named)
        return named.error();
    if (auto allowed = authorize(env, call, call.operation.action(), *named, context_of(env, call));
        !allowed)
        return allowed.error();
    if (named->key.state == KeyState::pending_deletion)
        return check_enabled(*named).error();
    if (auto done = store_state(env, *named, state); !done)
        return done.error();
    return json::object();
}

}  // namespace

Answer<json::object> create_key(Environment& env, Call& call) {
    Input input(call.input);
    const auto policy = input.text("Policy", Range{1, 131072});
    const std::string description = input.text("Description", Range{0, 8192}).value_or("");
    std::string usage = input.choice("KeyUsage", key_usages()).value_or("");
    const auto spec_name = input.choice("KeySpec", key_spec_names());
    const auto old_spec_name = input.choice("CustomerMasterKeySpec", key_spec_names());
    const std::string origin =
        input.choice("Origin", {"AWS_KMS", "EXTERNAL", "AWS_CLOUDHSM", "EXTERNAL_KEY_STORE"})
            .value_or("AWS_KMS");
    const bool multi_region = input.flag("MultiRegion");
    const bool bypass = input.flag("BypassPolicyLockoutSafetyCheck");
    const auto tags = read_tags(input);
    if (auto error = input.error())
        return *error;
    if (!tags)
        return tags.error();
    if (spec_name && old_spec_name && *spec_name != *old_spec_name)
        return validation_error(
            "You cannot specify KeySpec and CustomerMasterKeySpec in the same request. "
            "CustomerMasterKeySpec is deprecated.");
    const auto spec =
        choose_spec(spec_name.value_or(old_spec_name.value_or("SYMMETRIC_DEFAULT")), usage);
    if (!spec)
        return spec.error();
    if (origin != "AWS_KMS")
        return unsupported(fmt::format("Origin {} is not supported by this emulator", origin));

    call.request_parameters = {
        {"description", description},
        {"keyUsage", usage},
        {"keySpec", (*spec)->name},
        {"customerMasterKeySpec", (*spec)->name},
        {"origin", origin},
        {"multiRegion", multi_region},
        {"bypassPolicyLockoutSafetyCheck", bypass},
    };
    if (policy)
        call.request_parameters["policy"] = *policy;
    Key key;
    key.id = multi_region ? make_multi_region_id(env.random) : make_uuid(env.random);
    key.created = call.now;
    key.description = description;
    key.spec = (*spec)->name;
    key.usage = usage;
    key.multi_region = multi_region;
    key.tags = *tags;
    policy::RequestContext context = context_of(env, call);
    add_key_properties(context, key);
    context.set("kms:BypassPolicyLockoutSafetyCheck", bypass ? "true" : "false");
    add_request_tags(context, *tags);
    if (auto allowed =
            authorize_without_key(env, call, call.operation.action(), "*", std::move(context));
        !allowed)
        return allowed.error();

    key.policy =
        policy.value_or(policy::default_key_policy(iam::partition_of(env.region), env.account));
    const NamedKey named{key, env.key_arn(key.id), {}};
    call.resources.push_back(named.arn);
    if (policy)
        if (auto accepted = check_new_policy(env, call, named, *policy, bypass); !accepted)
            return accepted.error();
    key.material_id = make_material_id(env.random);
    key.material = make_key_material(**spec, env.random);
    const auto added = env.keys.add(key);
    if (!added)
        return storage_error(added.error());
    return json::object{{"KeyMetadata", metadata_of(env, key)}};
}

Answer<json::object> describe_key(Environment& env, Call& call) {
    const auto named = read_allowed_key(env, call);
    if (!named)
        return named.error();
    return json::object{{"KeyMetadata", metadata_of(env, named->key)}};
}

Answer<json::object> list_keys(Environment& env, Call& call) {
    Input input(call.input);
    const auto page = read_page(input, Range{1, 1000}, 100);
    if (!page)
        return page.error();
    if (auto allowed =
            authorize_without_key(env, call, call.operation.action(), "*", context_of(env, call));
        !allowed)
        return allowed.error();
    if (auto removed = env.keys.remove_due(call.now); !removed)
        return storage_error(removed.error());
    auto ids = env.keys.list(page->after, page->limit + 1);
    if (!ids)
        return storage_error(ids.error());
    json::object output;
    finish_page(*ids, *page, output, [](const std::string& id) { return id; });
    json::array keys;
    for (const std::string& id : *ids)
        keys.push_back(json::object{{"KeyId", id}, {"KeyArn", env.key_arn(id)}});
    output["Keys"] = std::move(keys);
    return output;
}

Answer<json::object> enable_key(Environment& env, Call& call) {
    return enable_or_disable(env, call, KeyState::enabled);
}

Answer<json::object> disable_key(Environment& env, Call& call) {
    return enable_or_disable(env, call, KeyState::disabled);
}

Answer<json::object> schedule_key_deletion(Environment& env, Call& call) {
    Input input(call.input);
    const auto days = input.integer("PendingWindowInDays", deletion_window_days)
                          .value_or(default_deletion_window_days);
    if (auto error = input.error())
        return *error;
    const auto named = named_key(env, call);
    if (!named)
        return named.error();
    call.request_parameters["pendingWindowInDays"] = days;
    policy::RequestContext context = context_of(env, call);
    context.set("kms:ScheduleKeyDeletionPendingWindowInDays", std::to_string(days));
    if (auto allowed = authorize(env, call, call.operation.action(), *named, std::move(context));
        !allowed)
        return allowed.error();
    if (named->key.state == KeyState::pending_deletion)
        return check_enabled(*named).error();
    const TimePoint deletion = call.now + std::chrono::days(days);
    if (auto done = store_state(env, *named, KeyState::pending_deletion, deletion); !done)
        return done.error();
    return json::object{
        {"KeyId", named->arn},
        {"DeletionDate", epoch_seconds(deletion)},
        {"KeyState", name_of(KeyState::pending_deletion)},
        {"PendingWindowInDays", days},
    };
}

Answer<json::object> cancel_key_deletion(Environment& env, Call& call) {
    const auto named = named_key(env, call);
    if (!named)
        return named.error();
    if (auto allowed = authorize(env, call, call.operation.action(), *named, context_of(env, call));
        !allowed)
        return allowed.error();
    if (named->key.state != KeyState::pending_deletion)
        return api_error("KMSInvalidStateException",
                         fmt::format("{} is not pending deletion.", named->arn));
    if (auto done = store_state(env, *named, KeyState::disabled); !done)
        return done.error();
    return json::object{{"KeyId", named->arn}};
}

}  // namespace glovebox::kms
