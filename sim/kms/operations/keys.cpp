// SPDX-License-Identifier: Apache-2.0

// CreateKey, DescribeKey, ListKeys, EnableKey, DisableKey, ScheduleKeyDeletion, CancelKeyDeletion.
#include <fmt/core.h>

#include <boost/json/array.hpp>

#include "core/base/base64.h"
#include "sim/kms/identifier.h"
#include "sim/kms/json.h"
#include "sim/kms/key_lifecycle.h"
#include "sim/kms/key_material.h"
#include "sim/kms/key_spec.h"
#include "sim/kms/operations/access.h"
#include "sim/kms/operations/handlers.h"
#include "sim/kms/operations/key_metadata.h"
#include "sim/kms/operations/key_policy.h"
#include "sim/kms/operations/paging.h"
#include "sim/kms/operations/tags.h"

namespace glovebox::kms {
namespace json = boost::json;

namespace {

constexpr Range deletion_window_days{7, 30};
constexpr std::int64_t default_deletion_window_days = 30;

ApiError unsupported(std::string message) {
    return api_error("UnsupportedOperationException", std::move(message));
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

Answer<void> store_state(Environment& env, const NamedKey& named, KeyState state,
                         std::optional<TimePoint> deletion = std::nullopt) {
    if (auto done = env.keys.set_state(named.key.id, state, deletion); !done)
        return storage_error(done.error());
    return {};
}

Answer<json::object> enable_or_disable(Environment& env, Call& call, KeyState state) {
    const auto named = read_allowed_key(env, call, Naming::not_alias);
    if (!named)
        return named.error();
    if (named->key.state != KeyState::enabled && named->key.state != KeyState::disabled)
        return not_in_state(*named);
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
    const auto old_spec_name = input.choice("CustomerMasterKeySpec", old_key_spec_names());
    const std::string origin =
        input.choice("Origin", {"AWS_KMS", "EXTERNAL", "AWS_CLOUDHSM", "EXTERNAL_KEY_STORE"})
            .value_or("AWS_KMS");
    const bool multi_region = input.flag("MultiRegion");
    const bool bypass = input.flag("BypassPolicyLockoutSafetyCheck");
    const auto custom_store = input.text("CustomKeyStoreId", Range{1, 64});
    const auto external_key = input.text("XksKeyId", Range{1, 128});
    const auto tags = read_tags(input);
    if (auto error = input.error())
        return *error;
    if (custom_store || external_key)
        return unsupported("Custom key stores are not supported by this emulator");
    if (!tags)
        return tags.error();
    if (auto fits = check_number(*tags); !fits)
        return fits.error();
    if (spec_name && old_spec_name)
        return validation_error(
            "You cannot specify KeySpec and CustomerMasterKeySpec in the same request. "
            "CustomerMasterKeySpec is deprecated.");
    const auto spec =
        choose_spec(spec_name.value_or(old_spec_name.value_or("SYMMETRIC_DEFAULT")), usage);
    if (!spec)
        return spec.error();
    if (origin != origin_kms && origin != origin_external)
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
    key.origin = origin;
    key.multi_region = multi_region;
    if (multi_region)
        key.primary_region = env.region;
    key.tags = *tags;
    policy::RequestContext context = context_of(env, call);
    add_key_properties(context, env.region, key);
    context.set("kms:BypassPolicyLockoutSafetyCheck", bypass ? "true" : "false");
    add_request_tags(context, *tags);
    if (auto allowed =
            authorize_creation(env, call, call.operation.action(), *tags, std::move(context));
        !allowed)
        return allowed.error();

    key.policy =
        policy.value_or(policy::default_key_policy(iam::partition_of(env.region), env.account));
    const NamedKey named{key, env.key_arn(key.id), {}};
    call.resources.push_back(named.arn);
    if (policy)
        if (auto accepted = check_new_policy(env, call, named, *policy, bypass); !accepted)
            return accepted.error();
    if (origin == origin_external) {
        key.state = KeyState::pending_import;
    } else {
        key.material_id = make_material_id(env.random);
        key.material = make_key_material(**spec, env.random);
    }
    const auto added = env.keys.add(key);
    if (!added)
        return storage_error(added.error());
    return json::object{{"KeyMetadata", metadata_of(env, key)}};
}

Answer<json::object> describe_key(Environment& env, Call& call) {
    const auto named = read_allowed_key(env, call, Naming::any_form);
    if (!named)
        return named.error();
    return json::object{{"KeyMetadata", metadata_of(env, named->key)}};
}

Answer<json::object> list_keys(Environment& env, Call& call) {
    Input input(call.input);
    const auto page = read_page(call, input, Range{1, 1000}, 100);
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

Answer<json::object> update_key_description(Environment& env, Call& call) {
    Input input(call.input);
    const auto description = input.text("Description", Range{0, 8192});
    if (auto error = input.error())
        return *error;
    if (!description)
        return validation_error(
            "1 validation error detected: Value at 'description' failed to satisfy constraint: "
            "Member must not be null");
    const auto named = read_allowed_key(env, call, Naming::not_alias);
    if (!named)
        return named.error();
    call.request_parameters["description"] = *description;
    if (auto kept = check_not_ending(*named); !kept)
        return kept.error();
    if (auto set = env.keys.set_description(named->key.id, *description); !set)
        return storage_error(set.error());
    return json::object();
}

Answer<json::object> schedule_key_deletion(Environment& env, Call& call) {
    Input input(call.input);
    const std::string reference = input.required_text("KeyId", key_reference_length);
    const auto days = input.integer("PendingWindowInDays", deletion_window_days)
                          .value_or(default_deletion_window_days);
    if (auto error = input.error())
        return *error;
    call.request_parameters = {{"keyId", reference}, {"pendingWindowInDays", days}};
    const auto named = find_key(env, call, reference, Naming::not_alias);
    if (!named)
        return named.error();
    policy::RequestContext context = context_of(env, call);
    context.set("kms:ScheduleKeyDeletionPendingWindowInDays", std::to_string(days));
    if (auto allowed = authorize(env, call, call.operation.action(), *named, std::move(context));
        !allowed)
        return allowed.error();
    if (auto kept = check_not_ending(*named); !kept)
        return kept.error();
    const auto regions = env.keys.regions_of(named->key.id);
    if (!regions)
        return storage_error(regions.error());
    json::object output{{"KeyId", named->arn}, {"PendingWindowInDays", days}};
    if (named->key.primary_region == env.region && regions->size() > 1) {
        if (auto done = env.keys.await_replicas(named->key.id, static_cast<int>(days)); !done)
            return storage_error(done.error());
        output["KeyState"] = name_of(KeyState::pending_replica_deletion);
        return output;
    }
    const TimePoint deletion = call.now + std::chrono::days(days);
    if (auto done = store_state(env, *named, KeyState::pending_deletion, deletion); !done)
        return done.error();
    output["DeletionDate"] = epoch_seconds(deletion);
    output["KeyState"] = name_of(KeyState::pending_deletion);
    return output;
}

Answer<json::object> cancel_key_deletion(Environment& env, Call& call) {
    const auto named = read_allowed_key(env, call, Naming::not_alias);
    if (!named)
        return named.error();
    if (check_not_ending(*named))
        return api_error("KMSInvalidStateException",
                         fmt::format("{} is not pending deletion.", named->arn));
    if (auto settled = settle_state(env.keys, named->key, KeyState::disabled); !settled)
        return storage_error(settled.error());
    return json::object{{"KeyId", named->arn}};
}

}  // namespace glovebox::kms
