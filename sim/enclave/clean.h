// SPDX-License-Identifier: Apache-2.0

// Removing what enclaves and killed commands have left.
#pragma once

#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/vsock_address.h"

namespace glovebox::enclave {

struct CleanedWorld {
    int removed = 0;                 // enclaves that had ended
    std::vector<core::Cid> running;  // which are let alone
};

// Removes names of dead sockets, records and consoles of ended enclaves, and the world itself where
// nothing is left in it and nobody uses it. An error where the world may not be opened.
[[nodiscard]] Result<CleanedWorld> clean_world(const std::string& path);

// The paths of this user's named worlds.
[[nodiscard]] std::vector<std::string> named_worlds();

struct CleanedScratch {
    std::vector<std::string> removed;
    std::vector<std::string> used;  // worlds of killed commands whose programs still run
};

// Removes what killed commands of this user have left outside named worlds (core/base/scratch.h).
[[nodiscard]] CleanedScratch clean_scratch();

}  // namespace glovebox::enclave
