// SPDX-License-Identifier: Apache-2.0

// A world's directory for those who look into it without being in it.
#pragma once

#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/base/unique_fd.h"
#include "sim/enclave/record.h"

namespace glovebox::enclave {

// The directory of the world of this name, which need not exist. Empty names GLOVEBOX_WORLD's or
// the default one.
[[nodiscard]] Result<std::string> world_path(const std::string& world);

// A descriptor of the directory; empty where it doesn't exist.
[[nodiscard]] Result<UniqueFd> open_world(const std::string& world);

// The world's enclaves by CID: those that run, and what is known of those that ended. None in a
// world that doesn't exist.
[[nodiscard]] Result<std::vector<EnclaveRecord>> enclaves_of(const std::string& world);

// Worlds belong to a user, and sudo changes the user: a sentence that names the directory of the
// other user's worlds, if it exists. Starts with a space; empty if there is nothing to say.
[[nodiscard]] std::string worlds_elsewhere(const std::string& world);

}  // namespace glovebox::enclave
