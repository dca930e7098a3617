// SPDX-License-Identifier: Apache-2.0

// A KMS key and an alias, as the store keeps them.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/bytes.h"
#include "core/base/clock.h"

namespace glovebox::kms {

enum class KeyState { enabled, disabled, pending_deletion };

// "Enabled", "Disabled", "PendingDeletion".
[[nodiscard]] std::string_view name_of(KeyState state);
[[nodiscard]] std::optional<KeyState> parse_key_state(std::string_view name);

using Tags = std::map<std::string, std::string>;

struct Key {
    std::string id;  // a UUID in lower case, or mrk- and 32 hexadecimal digits
    TimePoint created;
    std::string description;
    std::string spec;   // KeySpec::name, "SYMMETRIC_DEFAULT"
    std::string usage;  // "ENCRYPT_DECRYPT"
    KeyState state = KeyState::enabled;
    std::optional<TimePoint> deletion;  // in state pending_deletion
    bool multi_region = false;
    Tags tags;
    std::string policy;  // JSON, as it was put
    Bytes material_id;   // make_material_id(); the API shows it for symmetric keys only
    Bytes material;      // symmetric and HMAC: the secret itself; others: the pair, PKCS #8 DER
};

struct Alias {
    std::string name;  // "alias/..."
    std::string key_id;
    TimePoint created;
    TimePoint updated;
};

}  // namespace glovebox::kms
