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

bool has_expired(const KeyMaterial& material, TimePoint now) {
    return !material.bytes.empty() && material.valid_to && *material.valid_to <= now;
}

Result<bool> has_expired_material(KeyStore& keys, const Key& key, TimePoint now) {
    if (key.origin != origin_external)
        return false;
    const auto materials = keys.materials_of(key.id);
    if (!materials)
        return materials.error();
    return std::any_of(materials->begin(), materials->end(),
                       [now](const KeyMaterial& one) { return has_expired(one, now); });
}

Result<void> expire_materials(KeyStore& keys, const Key& key, TimePoint now) {
    auto materials = keys.materials_of(key.id);
    if (!materials)
        return materials.error();
    for (KeyMaterial& material : *materials) {
        if (!has_expired(material, now))
            continue;
        material.bytes.clear();
        if (const auto put = keys.put_material(key.id, material); !put)
            return put.error();
    }
    return settle_state(keys, key, key.state);
}

bool is_due(const Key& key, TimePoint now) {
    return is_ending(key) && (!key.deletion || *key.deletion <= now);
}

// A disabled key is not rotated; when it is enabled again, a rotation that is due happens at once.
bool has_due_rotation(const Key& key, TimePoint now) {
    return key.rotation && key.state == KeyState::enabled && key.rotation->next <= now;
}

Result<void> rotate(KeyStore& keys, const Key& key, TimePoint now, RandomSource& random) {
    RotationSchedule schedule = *key.rotation;
    while (schedule.next <= now) {
        KeyMaterial next;
        next.id = make_material_id(random);
        next.bytes = make_key_material(*find_key_spec(key.spec), random);
        next.rotated = schedule.next;
        if (auto rotated = keys.rotate(key.id, next); !rotated)
            return rotated;
        schedule.next += std::chrono::days(schedule.period_days);
    }
    return keys.set_rotation(key.id, schedule);
}

// What time has brought, as far as it has not happened yet.
struct Due {
    bool removal = false;
    bool expiry = false;
    bool rotation = false;

    [[nodiscard]] bool any() const { return removal || expiry || rotation; }
};

Result<Due> due_of(KeyStore& keys, const std::optional<Key>& key, TimePoint now) {
    if (!key)
        return Due();
    const auto expired = has_expired_material(keys, *key, now);
    if (!expired)
        return expired.error();
    return Due{is_due(*key, now), *expired, has_due_rotation(*key, now)};
}

}  // namespace

Result<std::optional<Key>> current_key(KeyStore& keys, std::string_view id, TimePoint now,
                                       RandomSource& random) {
    auto found = keys.find(id);
    if (!found)
        return found;
    auto due = due_of(keys, *found, now);
    if (!due)
        return due.error();
    if (!due->any())
        return found;
    auto transaction = keys.begin();
    if (!transaction)
        return transaction.error();
    // Another request or another process may have done it meanwhile.
    found = keys.find(id);
    if (!found)
        return found;
    due = due_of(keys, *found, now);
    if (!due)
        return due.error();
    if (due->removal)
        if (auto removed = keys.remove_due(now); !removed)
            return removed.error();
    if (due->expiry)
        if (auto expired = expire_materials(keys, **found, now); !expired)
            return expired.error();
    if (due->rotation)
        if (auto rotated = rotate(keys, **found, now, random); !rotated)
            return rotated.error();
    found = keys.find(id);
    if (auto committed = transaction->commit(); !committed)
        return committed.error();
    return found;
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
