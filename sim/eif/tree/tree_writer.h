// SPDX-License-Identifier: Apache-2.0

// A tree of files onto this machine's disk: for people to look at, or to be started from.
#pragma once

#include <filesystem>
#include <string>

#include "core/base/error.h"
#include "sim/eif/tree/file_tree.h"

namespace glovebox::eif {

enum class TreeUse {
    // Belongs to the calling user, who can read and remove it; without set-user-ID bits.
    inspection,
    // Permissions, times and hard links are the tree's, and the owners if the caller is root. For
    // another caller, every file is the caller's, which is root in the caller's user namespace.
    root_file_system
};

// Creates directories, files and symbolic links below `folder`, which is empty and this process's
// own. A path of a tree never leads through a link, so nothing is written elsewhere. Devices are
// not made, FIFOs for a root file system alone. `listing_of` says what the tree has in truth.
[[nodiscard]] Result<void> write_tree(const FileTree& tree, const std::filesystem::path& folder,
                                      TreeUse use);

// A line for each entry: mode, owner, size, time, path, and a link's target or a device's numbers.
[[nodiscard]] std::string listing_of(const FileTree& tree);

}  // namespace glovebox::eif
