// SPDX-License-Identifier: Apache-2.0

// Enclaves as `glovebox ps` shows them: a table for a person, an array for a program.
#pragma once

#include <string>
#include <vector>

#include "sim/enclave/record.h"

namespace glovebox::enclave {

// An enclave, and the directory of its world.
struct ListedEnclave {
    std::string world;
    EnclaveRecord record;
};

// A world by the name that --world takes: its own, or its directory.
[[nodiscard]] std::string shown_world(const std::string& directory);

// The enclaves of the world with this directory; none of one that is not this user's alone.
[[nodiscard]] std::vector<ListedEnclave> enclaves_in(const std::string& directory);
// The directories of all of this user's worlds: the named ones, and those that have been opened by
// their directory.
[[nodiscard]] std::vector<std::string> all_worlds();

[[nodiscard]] std::string list_as_table(const std::vector<ListedEnclave>& enclaves);
[[nodiscard]] std::string list_as_json(const std::vector<ListedEnclave>& enclaves);

struct ListedWorld {
    std::string directory;
    std::size_t running = 0;
    std::size_t ended = 0;
    bool is_in_use = false;  // a process that has opened it lives
};

[[nodiscard]] std::vector<ListedWorld> list_worlds();
[[nodiscard]] std::string list_as_table(const std::vector<ListedWorld>& worlds);
[[nodiscard]] std::string list_as_json(const std::vector<ListedWorld>& worlds);

}  // namespace glovebox::enclave
