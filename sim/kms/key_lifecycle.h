// SPDX-License-Identifier: Apache-2.0

// A key as it is now: what time has brought since it was last used happens when it is read. A key
// whose deletion is due is gone, imported material that has expired is deleted, and a rotation that
// is due is carried out.
#pragma once

#include <optional>

#include "core/base/random_source.h"
#include "sim/kms/key_store.h"

namespace glovebox::kms {

// Empty if there is no such key. `random` makes the material of a rotation.
[[nodiscard]] Result<std::optional<Key>> current_key(KeyStore& keys, std::string_view id,
                                                     TimePoint now, RandomSource& random);

// The state that a key has if its material is there: pending_import if material that was imported
// is missing, otherwise `state`. Deletion that is pending stays so.
[[nodiscard]] Result<void> settle_state(KeyStore& keys, const Key& key, KeyState state);

}  // namespace glovebox::kms
