// SPDX-License-Identifier: Apache-2.0

// Reads a root file system from a folder of this machine.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "sim/eif/tree/file_tree.h"

namespace glovebox::eif {

struct DirectoryOptions {
    // The owners in a folder are those of the user who unpacked it. So by default everything
    // belongs to root, and the same folder gives the same image for every user.
    bool keep_owners = false;
    TreeLimits limits;
};

// Reads names and attributes; contents are read later, when the image is written. Sockets are left
// out, with a warning. An error if this user cannot read an entry, or a limit is exceeded.
[[nodiscard]] Result<FileTree> read_directory(const std::filesystem::path& folder,
                                              const DirectoryOptions& options,
                                              std::vector<std::string>& warnings);

}  // namespace glovebox::eif
