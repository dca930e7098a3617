// SPDX-License-Identifier: Apache-2.0

// The root file system of an image for an enclave that has a command and no files of its own. In
// the simulation such an enclave sees this machine's files. The image has what the command needs of
// them, at the same paths:
//
//   * the program, and each program that a word of the command or of its script names
//   * the folder of the script, as the simulation measures it, and the folders of `mount`
//   * for Python its standard library, and the modules that the scripts import
//   * the shared libraries of all of these
//
// Files that the program opens under other names are missing there.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "sim/up/world_parts.h"

namespace glovebox::nitro {

struct CommandRoot {
    std::vector<std::string> command;      // for AWS's init, which starts it in /
    std::vector<std::string> environment;  // "NAME=VALUE"
};

// Makes it in `root`, an empty folder. `folder` is the world file's, where the command starts;
// `glovebox` is this program's path, which the command of an enclave with egress needs. The error
// says what of it this machine does not have.
[[nodiscard]] Result<CommandRoot> make_command_root(const up::EnclavePart& enclave,
                                                    const std::filesystem::path& folder,
                                                    const std::string& glovebox,
                                                    const std::filesystem::path& root);

}  // namespace glovebox::nitro
