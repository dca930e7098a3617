// SPDX-License-Identifier: Apache-2.0

#include "sim/kms/key.h"

namespace glovebox::kms {

std::string_view name_of(KeyState state) {
    switch (state) {
        case KeyState::enabled:
            return "Enabled";
        case KeyState::disabled:
            return "Disabled";
        case KeyState::pending_deletion:
            return "PendingDeletion";
        case KeyState::pending_replica_deletion:
            return "PendingReplicaDeletion";
        case KeyState::pending_import:
            return "PendingImport";
    }
    return "";
}

std::optional<KeyState> parse_key_state(std::string_view name) {
    for (const KeyState state : {KeyState::enabled, KeyState::disabled, KeyState::pending_deletion,
                                 KeyState::pending_replica_deletion, KeyState::pending_import})
        if (name_of(state) == name)
            return state;
    return std::nullopt;
}

}  // namespace glovebox::kms
