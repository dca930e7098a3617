// SPDX-License-Identifier: Apache-2.0

// The environment variables that nitro-cli reads.
#pragma once

#include <cstdlib>

namespace glovebox::nitro_cli {

// Null if the variable is not set or empty.
[[nodiscard]] inline const char* variable(const char* name) {
    const char* value = std::getenv(name);
    return value != nullptr && *value != '\0' ? value : nullptr;
}

}  // namespace glovebox::nitro_cli
