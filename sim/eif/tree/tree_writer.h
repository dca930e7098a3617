// SPDX-License-Identifier: Apache-2.0

// A tree of files onto this machine's disk: for people to look at, or to be started from.
#pragma once

#include <filesystem>
#include <string>

#include "core/base/error.h"
#include "sim/eif/tree/file_tree.h"

namespace glovebox::eif {

enum class TreeUse {
    // Belongs to the user who runs this, without set-user-ID bits, and he can read and remove it.
    inspection,
    // Permissions and times are the tree's, so are owners where the caller is root, and hard links
    // are. Whoever else runs this owns all of it, which is root's in his user namespace.
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
