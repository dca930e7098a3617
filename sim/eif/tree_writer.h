// A tree of files onto this machine's disk, for people to look at: not for starting it.
#pragma once

#include <filesystem>
#include <string>

#include "core/base/error.h"
#include "sim/eif/file_tree.h"

namespace glovebox::eif {

// Creates directories, files and symbolic links below `folder`, which is empty and this process's
// own. A path of a tree never leads through a link, so nothing is written elsewhere. They belong to
// the user who runs this, without set-user-ID bits; devices and FIFOs are not made. `listing_of`
// says what the tree has in truth.
[[nodiscard]] Result<void> write_tree(const FileTree& tree, const std::filesystem::path& folder);

// A line for each entry: mode, owner, size, time, path, and a link's target or a device's numbers.
[[nodiscard]] std::string listing_of(const FileTree& tree);

}  // namespace glovebox::eif
