// SPDX-License-Identifier: Apache-2.0

// A KMS key, its key material and an alias, as the store keeps them.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/clock.h"

namespace glovebox::kms {

enum class KeyState {
    enabled,
    disabled,
    pending_deletion,
    pending_replica_deletion,  // a primary key whose deletion waits for that of its replicas
    pending_import,
};

// "Enabled", "Disabled", "PendingDeletion" and so on.
[[nodiscard]] std::string_view name_of(KeyState state);
[[nodiscard]] std::optional<KeyState> parse_key_state(std::string_view name);

using Tags = std::map<std::string, std::string>;

inline constexpr std::string_view origin_kms = "AWS_KMS";
inline constexpr std::string_view origin_external = "EXTERNAL";

// Key material of a key: the current one, former ones, and one that waits for a rotation.
struct KeyMaterial {
    enum class State { current, former, pending_rotation };

    Bytes id;     // make_material_id(); the API shows it for symmetric keys only
    Bytes bytes;  // empty: imported material that was deleted or has expired
    State state = State::current;
    std::optional<TimePoint> rotated;   // when it became current; empty for a key's first
    bool rotated_on_demand = false;     // otherwise by the schedule
    std::string description;            // of imported material
    std::optional<TimePoint> valid_to;  // of imported material that expires
};

// Automatic rotation.
struct RotationSchedule {
    int period_days = 0;
    TimePoint next;
};

struct Key {
    std::string id;  // a UUID in lower case, or mrk- and 32 hexadecimal digits
    TimePoint created;
    std::string description;
    std::string spec;   // KeySpec::name, "SYMMETRIC_DEFAULT"
    std::string usage;  // "ENCRYPT_DECRYPT"
    KeyState state = KeyState::enabled;
    std::optional<TimePoint> deletion;  // in state pending_deletion
    int deletion_window_days = 0;       // in state pending_replica_deletion
    std::string origin{origin_kms};     // or origin_external
    bool multi_region = false;
    std::string primary_region;  // of a multi-Region key
    std::optional<RotationSchedule> rotation;
    Tags tags;
    std::string policy;  // JSON, as it was put
    // The current key material; empty in state pending_import. Symmetric and HMAC: the secret
    // itself; others: the pair in PKCS #8 DER.
    Bytes material_id;
    Bytes material;
};

struct Alias {
    std::string name;  // "alias/..."
    std::string key_id;
    TimePoint created;
    TimePoint updated;
};

}  // namespace glovebox::kms
