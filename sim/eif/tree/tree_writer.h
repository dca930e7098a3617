// SPDX-License-Identifier: Apache-2.0

// Writes a tree of files to this machine's disk, for people to look at or for an enclave to start
// from.
#pragma once

#include <filesystem>
#include <string>

#include "core/base/error.h"
#include "core/base/progress.h"
#include "sim/eif/tree/file_tree.h"

namespace glovebox::eif {

enum class TreeUse {
    // Everything belongs to the calling user, who can read and remove it. Without set-user-ID bits.
    inspection,
    // Permissions, times and hard links are those of the tree; so are the owners if the caller is
    // root. Otherwise every file belongs to the caller, who is root in the caller's user namespace.
    root_file_system
};

// Creates directories, files and symbolic links below `folder`, which is empty and which no other
// process changes. A path of a tree never leads through a link, so nothing is written elsewhere.
// Devices are not created, and FIFOs only for a root file system; listing_of() lists them all.
[[nodiscard]] Result<void> write_tree(const FileTree& tree, const std::filesystem::path& folder,
                                      TreeUse use, Progress& progress = no_progress());

// A line for each entry: mode, owner, size, time, path, and a link's target or a device's numbers.
// Safe for a terminal.
[[nodiscard]] std::string listing_of(const FileTree& tree);

}  // namespace glovebox::eif
