// SPDX-License-Identifier: Apache-2.0

// A root file system from a folder of this machine.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "sim/eif/tree/file_tree.h"

namespace glovebox::eif {

struct DirectoryOptions {
    // The folder's own owners are those of whoever unpacked it, so that by default everything
    // belongs to root, and the same folder gives the same image for every user.
    bool keep_owners = false;
    TreeLimits limits;
};

// Contents are read later, when the image is written. Sockets are left out, which `warnings` says.
// An entry that this user can't read is an error.
[[nodiscard]] Result<FileTree> read_directory(const std::filesystem::path& folder,
                                              const DirectoryOptions& options,
                                              std::vector<std::string>& warnings);

}  // namespace glovebox::eif
