// SPDX-License-Identifier: Apache-2.0

// A world's directory, for commands that look into it without being a part of it.
#pragma once

#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/base/unique_fd.h"
#include "sim/enclave/record.h"

namespace glovebox::enclave {

// The path of the world with this name, which need not exist. An empty name means that in
// GLOVEBOX_WORLD, or the default.
[[nodiscard]] Result<std::string> world_path(const std::string& world);

// A descriptor of the directory; empty if it does not exist.
[[nodiscard]] Result<UniqueFd> open_world(const std::string& world);

// The world's enclaves by CID, running and ended. None if the world does not exist.
[[nodiscard]] Result<std::vector<EnclaveRecord>> enclaves_of(const std::string& world);

// A hint for a user who looks in the wrong place: worlds belong to a user, and sudo changes the
// user. The sentence names the directory of the other user's worlds, if it exists, and starts with
// a space; otherwise empty.
[[nodiscard]] std::string worlds_elsewhere(const std::string& world);

}  // namespace glovebox::enclave
