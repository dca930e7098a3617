// SPDX-License-Identifier: Apache-2.0

// Where this user's commands find each other: the folder of the user's worlds and of the records of
// what commands keep outside them.
#pragma once

#include <string>

namespace glovebox {

// <run_directory>/glovebox, or /tmp/glovebox-$UID when run_directory (XDG_RUNTIME_DIR; may be null)
// is not a directory of this user's own, as under sudo -E. The folder may be missing.
[[nodiscard]] std::string run_folder(const char* run_directory);

// The same for the XDG_RUNTIME_DIR of this process.
[[nodiscard]] std::string run_folder();

}  // namespace glovebox
