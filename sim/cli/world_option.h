// SPDX-License-Identifier: Apache-2.0

// --world for the commands that look into a world without being in it: ps, stop, logs, clean.
#pragma once

#include <string>
#include <vector>

#include "core/base/unique_fd.h"
#include "sim/cli/commands.h"
#include "sim/enclave/record.h"

namespace glovebox::cli {

struct WorldOption {
    std::string world;
    bool is_argument = true;  // and not the environment's

    [[nodiscard]] static Option option();
    [[nodiscard]] static WorldOption of(const Values& values);

    // The world's directory, which need not exist.
    [[nodiscard]] std::string path() const;
    // " --world NAME" where one was given: for commands that sentences show.
    [[nodiscard]] std::string repeated() const;
    // Its enclaves by CID: those that run, and what is known of those that ended. None in a world
    // that doesn't exist.
    [[nodiscard]] std::vector<enclave::EnclaveRecord> enclaves() const;
    // A descriptor of the directory, empty where it doesn't exist. Throws ErrorException where it
    // may not be opened.
    [[nodiscard]] UniqueFd open() const;
};

// Worlds belong to a user, and sudo makes another one of him: the sentence that says where the
// other one's are, if they are there. Starts with a space; empty where there is nothing to say.
[[nodiscard]] std::string worlds_elsewhere(const std::string& world);

}  // namespace glovebox::cli
