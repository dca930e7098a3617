// SPDX-License-Identifier: Apache-2.0

// EnableKeyRotation, DisableKeyRotation, GetKeyRotationStatus, RotateKeyOnDemand, ListKeyRotations.
// A rotation gives a key new material; what former material has encrypted is still decrypted.
#include <fmt/core.h>

#include <algorithm>
#include <boost/json/array.hpp>

#include "sim/kms/json.h"
#include "sim/kms/key_lifecycle.h"
#include "sim/kms/key_material.h"
#include "sim/kms/key_spec.h"
#include "sim/kms/operations/access.h"
#include "sim/kms/operations/handlers.h"
#include "sim/kms/operations/key_metadata.h"
#include "sim/kms/operations/paging.h"

namespace glovebox::kms {
namespace json = boost::json;

namespace {

constexpr Range period_days{90, 2560};
constexpr int default_period_days = 365;
constexpr std::ptrdiff_t rotations_on_demand_max = 25;

// Only symmetric encryption keys can be rotated.
Answer<void> check_symmetric(const NamedKey& named) {
    if (named.key.spec == symmetric_default)
        return {};
    return api_error("UnsupportedOperationException",
                     fmt::format("{} key spec is {} which is not valid for this operation.",
                                 named.arn, named.key.spec));
}

// Rotation is set at the primary key, whose replicas follow.
Answer<void> check_primary(const Environment& env, const NamedKey& named) {
    if (!named.key.multi_region || named.key.primary_region == env.region)
        return {};
    return api_error("UnsupportedOperationException",
                     fmt::format("{} is a multi-Region replica key. Its rotation is set at the "
                                 "primary key {}.",
                                 named.arn, env.key_arn(named.key.id, named.key.primary_region)));
}

Answer<void> may_rotate(Environment& env, const NamedKey& named) {
    if (auto enabled = check_enabled(named); !enabled)
        return enabled;
    if (auto symmetric = check_symmetric(named); !symmetric)
        return symmetric;
    return check_primary(env, named);
}

std::string_view name_of(KeyMaterial::State state) {
    switch (state) {
        case KeyMaterial::State::current:
            return "CURRENT";
        case KeyMaterial::State::former:
            return "NON_CURRENT";
        case KeyMaterial::State::pending_rotation:
            return "PENDING_ROTATION";
    }
    return "";
}

// Whether a replica of this primary key has yet to import the material.
Answer<bool> awaits_replicas(Environment& env, const Key& key, const KeyMaterial& material) {
    if (key.origin != origin_external || key.primary_region != env.region)
        return false;
    const auto regions = env.keys.regions_of(key.id);
    if (!regions)
        return storage_error(regions.error());
    for (const std::string& region : *regions) {
        const auto there = env.keys.materials_in(region, key.id);
        if (!there)
            return storage_error(there.error());
        if (std::none_of(there->begin(), there->end(), [&](const KeyMaterial& one) {
                return one.id == material.id && (!one.bytes.empty() || region == env.region);
            }))
            return true;
    }
    return false;
}

Answer<json::object> entry_of(Environment& env, const Key& key, const KeyMaterial& material) {
    json::object entry{{"KeyId", key.id},
                       {"KeyMaterialId", to_hex(material.id)},
                       {"KeyMaterialState", name_of(material.state)}};
    if (material.state == KeyMaterial::State::pending_rotation) {
        const auto awaits = awaits_replicas(env, key, material);
        if (!awaits)
            return awaits.error();
        if (*awaits)
            entry["KeyMaterialState"] = "PENDING_MULTI_REGION_IMPORT_AND_ROTATION";
    }
    if (material.rotated) {
        entry["RotationDate"] = epoch_seconds(*material.rotated);
        entry["RotationType"] = material.rotated_on_demand ? "ON_DEMAND" : "AUTOMATIC";
    }
    if (key.origin != origin_external)
        return entry;
    entry["ImportState"] = material.bytes.empty() ? "PENDING_IMPORT" : "IMPORTED";
    if (!material.description.empty())
        entry["KeyMaterialDescription"] = material.description;
    if (!material.bytes.empty())
        put_expiration(entry, material);
    return entry;
}

}  // namespace

Answer<json::object> enable_key_rotation(Environment& env, Call& call) {
    Input input(call.input);
    const std::string reference = input.required_text("KeyId", key_reference_length);
    const auto wanted = input.integer("RotationPeriodInDays", period_days);
    if (auto error = input.error())
        return *error;
    call.request_parameters["keyId"] = reference;
    const auto named = find_key(env, call, reference, Naming::not_alias);
    if (!named)
        return named.error();
    const int former = named->key.rotation ? named->key.rotation->period_days : default_period_days;
    const int days = wanted ? static_cast<int>(*wanted) : former;
    call.request_parameters["rotationPeriodInDays"] = days;
    policy::RequestContext context = context_of(env, call);
    context.set("kms:RotationPeriodInDays", std::to_string(days));
    if (auto allowed = authorize(env, call, call.operation.action(), *named, std::move(context));
        !allowed)
        return allowed.error();
    if (auto possible = may_rotate(env, *named); !possible)
        return possible.error();
    if (auto made_here = check_origin(*named, origin_kms); !made_here)
        return made_here.error();
    if (named->key.rotation && named->key.rotation->period_days == days)
        return json::object();
    if (auto set = env.keys.set_rotation(
            named->key.id, RotationSchedule{days, call.now + std::chrono::days(days)});
        !set)
        return storage_error(set.error());
    return json::object();
}

Answer<json::object> disable_key_rotation(Environment& env, Call& call) {
    const auto named = read_allowed_key(env, call, Naming::not_alias);
    if (!named)
        return named.error();
    if (auto possible = may_rotate(env, *named); !possible)
        return possible.error();
    if (auto made_here = check_origin(*named, origin_kms); !made_here)
        return made_here.error();
    if (auto set = env.keys.set_rotation(named->key.id, std::nullopt); !set)
        return storage_error(set.error());
    return json::object();
}

Answer<json::object> get_key_rotation_status(Environment& env, Call& call) {
    const auto named = read_allowed_key(env, call, Naming::not_alias);
    if (!named)
        return named.error();
    const Key& key = named->key;
    if (key.state == KeyState::pending_import)
        return not_in_state(*named);
    if (auto symmetric = check_symmetric(*named); !symmetric)
        return symmetric.error();
    // While a deletion is pending, the schedule waits.
    const bool rotates = key.rotation && check_not_ending(*named);
    json::object output{{"KeyId", key.id}, {"KeyRotationEnabled", rotates}};
    if (rotates) {
        output["RotationPeriodInDays"] = key.rotation->period_days;
        output["NextRotationDate"] = epoch_seconds(key.rotation->next);
    }
    return output;
}

Answer<json::object> rotate_key_on_demand(Environment& env, Call& call) {
    const auto named = read_allowed_key(env, call, Naming::not_alias);
    if (!named)
        return named.error();
    if (auto possible = may_rotate(env, *named); !possible)
        return possible.error();
    const Key& key = named->key;
    const auto materials = env.keys.materials_of(key.id);
    if (!materials)
        return storage_error(materials.error());
    if (std::count_if(materials->begin(), materials->end(), [](const KeyMaterial& material) {
            return material.rotated_on_demand;
        }) >= rotations_on_demand_max)
        return api_error("LimitExceededException",
                         fmt::format("{} was rotated on demand {} times, which is the limit.",
                                     named->arn, rotations_on_demand_max));
    KeyMaterial next;
    if (key.origin == origin_external) {
        const auto pending =
            std::find_if(materials->begin(), materials->end(), [](const KeyMaterial& material) {
                return material.state == KeyMaterial::State::pending_rotation &&
                       !material.bytes.empty();
            });
        if (pending == materials->end())
            return api_error(
                "KMSInvalidStateException",
                fmt::format("{} has no imported key material in state PENDING_ROTATION: "
                            "import new key material first.",
                            named->arn));
        const auto awaits = awaits_replicas(env, key, *pending);
        if (!awaits)
            return awaits.error();
        if (*awaits)
            return api_error("KMSInvalidStateException",
                             fmt::format("{} has key material in state "
                                         "PENDING_MULTI_REGION_IMPORT_AND_ROTATION: import the "
                                         "same material into every replica key first.",
                                         named->arn));
        next = *pending;
    } else {
        next.id = make_material_id(env.random);
        next.bytes = make_key_material(*find_key_spec(key.spec), env.random);
    }
    next.rotated = call.now;
    next.rotated_on_demand = true;
    if (auto rotated = env.keys.rotate(key.id, next); !rotated)
        return storage_error(rotated.error());
    if (auto settled = settle_state(env.keys, key, key.state); !settled)
        return storage_error(settled.error());
    return json::object{{"KeyId", key.id}};
}

Answer<json::object> list_key_rotations(Environment& env, Call& call) {
    Input input(call.input);
    const bool all = input.choice("IncludeKeyMaterial", {"ALL_KEY_MATERIAL", "ROTATIONS_ONLY"}) ==
                     "ALL_KEY_MATERIAL";
    const auto page = read_page(call, input, Range{1, 1000}, 100);
    if (!page)
        return page.error();
    const auto named = read_allowed_key(env, call, Naming::not_alias);
    if (!named)
        return named.error();
    if (auto symmetric = check_symmetric(*named); !symmetric)
        return symmetric.error();
    const auto materials = env.keys.materials_of(named->key.id);
    if (!materials)
        return storage_error(materials.error());
    std::vector<KeyMaterial> rows;
    bool reached = page->after.empty();
    for (const KeyMaterial& material : *materials) {
        if (reached && (all || material.rotated) && rows.size() <= page->limit)
            rows.push_back(material);
        reached = reached || to_hex(material.id) == page->after;
    }
    // No material of a key is ever removed.
    if (!reached)
        return invalid_marker(page->after);
    json::object output;
    finish_page(rows, *page, output,
                [](const KeyMaterial& material) { return to_hex(material.id); });
    json::array entries;
    for (const KeyMaterial& material : rows) {
        auto entry = entry_of(env, named->key, material);
        if (!entry)
            return entry.error();
        entries.push_back(std::move(*entry));
    }
    output["Rotations"] = std::move(entries);
    return output;
}

}  // namespace glovebox::kms
