// SPDX-License-Identifier: Apache-2.0

// Removes the files that enclaves and killed commands have left.
#pragma once

#include <string>
#include <vector>

#include "core/address/vsock_address.h"
#include "core/base/error.h"

namespace glovebox::enclave {

struct CleanedWorld {
    int removed = 0;                 // CIDs of enclaves that had ended
    std::vector<core::Cid> running;  // these stay untouched
};

// Removes the names of dead sockets, the files of ended enclaves, and the world itself if it is
// then empty and nobody uses it. An error if the world cannot be opened.
[[nodiscard]] Result<CleanedWorld> clean_world(const std::string& path);

// The paths of this user's named worlds.
[[nodiscard]] std::vector<std::string> named_worlds();

struct CleanedScratch {
    std::vector<std::string> removed;
    std::vector<std::string> used;  // worlds of killed commands whose programs still run; kept
};

// Removes what killed commands of this user have left outside of named worlds
// (core/base/scratch.h).
[[nodiscard]] CleanedScratch clean_scratch();

}  // namespace glovebox::enclave
