// SPDX-License-Identifier: Apache-2.0

// The lists of `glovebox ps`: enclaves and worlds, as a table for people or as a JSON array.
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

// A world as --world accepts it: its name, or its directory.
[[nodiscard]] std::string shown_world(const std::string& directory);

// The enclaves of the world with this directory; none if the directory does not belong to this user
// alone.
[[nodiscard]] std::vector<ListedEnclave> enclaves_in(const std::string& directory);
// The directories of all worlds of this user: the named ones, and those that were opened by their
// directory.
[[nodiscard]] std::vector<std::string> all_worlds();

[[nodiscard]] std::string list_as_table(const std::vector<ListedEnclave>& enclaves);
[[nodiscard]] std::string list_as_json(const std::vector<ListedEnclave>& enclaves);

struct ListedWorld {
    std::string directory;
    std::size_t running = 0;
    std::size_t ended = 0;
    bool is_in_use = false;  // a live process has opened it
};

[[nodiscard]] std::vector<ListedWorld> list_worlds();
[[nodiscard]] std::string list_as_table(const std::vector<ListedWorld>& worlds);
[[nodiscard]] std::string list_as_json(const std::vector<ListedWorld>& worlds);

}  // namespace glovebox::enclave
