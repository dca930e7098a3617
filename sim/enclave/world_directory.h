// SPDX-License-Identifier: Apache-2.0

// A world's directory for those who look into it without being in it.
#pragma once

#include <string>

#include "core/base/error.h"
#include "core/base/unique_fd.h"

namespace glovebox::enclave {

// The directory of the world of this name, which need not exist. Empty names GLOVEBOX_WORLD's or
// the default one.
[[nodiscard]] Result<std::string> world_path(const std::string& world);

// A descriptor of the directory; empty where it doesn't exist.
[[nodiscard]] Result<UniqueFd> open_world(const std::string& world);

}  // namespace glovebox::enclave
