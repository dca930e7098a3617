// SPDX-License-Identifier: Apache-2.0

#include "sim/kms/key_lifecycle.h"

#include <algorithm>

#include "sim/kms/ciphertext_blob.h"
#include "sim/kms/key_material.h"
#include "sim/kms/key_spec.h"

namespace glovebox::kms {
namespace {

bool is_ending(const Key& key) {
    return key.state == KeyState::pending_deletion ||
           key.state == KeyState::pending_replica_deletion;
}

Result<bool> expire_materials(KeyStore& keys, const Key& key, TimePoint now) {
    auto materials = keys.materials_of(key.id);
    if (!materials)
        return materials.error();
    bool expired = false;
    for (KeyMaterial& material : *materials) {
        if (material.bytes.empty() || !material.valid_to || *material.valid_to > now)
            continue;
        material.bytes.clear();
        if (const auto put = keys.put_material(key.id, material); !put)
            return put.error();
        expired = true;
    }
    if (expired)
        if (auto settled = settle_state(keys, key, key.state); !settled)
            return settled.error();
    return expired;
}

// A disabled key is not rotated; when it is enabled again, a rotation that is due happens at once.
Result<bool> rotate_if_due(KeyStore& keys, const Key& key, TimePoint now, RandomSource& random) {
    if (!key.rotation || key.state != KeyState::enabled || key.rotation->next > now)
        return false;
    RotationSchedule schedule = *key.rotation;
    while (schedule.next <= now) {
        KeyMaterial next;
        next.id = make_material_id(random);
        next.bytes = make_key_material(*find_key_spec(key.spec), random);
        next.rotated = schedule.next;
        if (auto rotated = keys.rotate(key.id, next); !rotated)
            return rotated.error();
        schedule.next += std::chrono::days(schedule.period_days);
    }
    if (auto set = keys.set_rotation(key.id, schedule); !set)
        return set.error();
    return true;
}

}  // namespace

Result<std::optional<Key>> current_key(KeyStore& keys, std::string_view id, TimePoint now,
                                       RandomSource& random) {
    auto found = keys.find(id);
    if (!found || !*found)
        return found;
    const Key& key = **found;
    bool changed = false;
    if (is_ending(key) && (!key.deletion || *key.deletion <= now)) {
        if (auto removed = keys.remove_due(now); !removed)
            return removed.error();
        changed = true;
    }
    if (key.origin == origin_external) {
        const auto expired = expire_materials(keys, key, now);
        if (!expired)
            return expired.error();
        changed = changed || *expired;
    }
    const auto rotated = rotate_if_due(keys, key, now, random);
    if (!rotated)
        return rotated.error();
    return changed || *rotated ? keys.find(id) : std::move(found);
}

Result<void> settle_state(KeyStore& keys, const Key& key, KeyState state) {
    if (is_ending(key) && state == key.state)
        return {};
    if (key.origin == origin_external) {
        const auto materials = keys.materials_of(key.id);
        if (!materials)
            return materials.error();
        const bool complete =
            !materials->empty() &&
            std::all_of(materials->begin(), materials->end(), [](const KeyMaterial& material) {
                return material.state == KeyMaterial::State::pending_rotation ||
                       !material.bytes.empty();
            });
        if (!complete)
            state = KeyState::pending_import;
        else if (state == KeyState::pending_import)
            state = KeyState::enabled;
    }
    return keys.set_state(key.id, state, std::nullopt);
}

}  // namespace glovebox::kms
