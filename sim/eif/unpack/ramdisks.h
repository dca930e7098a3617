// SPDX-License-Identifier: Apache-2.0

// All ramdisks of an image, unpacked one over the other into one tree, as the kernel does.
#pragma once

#include <filesystem>

#include "core/base/error.h"
#include "core/base/progress.h"
#include "sim/eif/format/image.h"
#include "sim/eif/tree/archive_reader.h"
#include "sim/eif/tree/file_tree.h"
#include "sim/eif/tree/ramdisk.h"

namespace glovebox::eif {

// Contents of compressed ramdisks are in a temporary file in `spool`, which disappears with the
// tree; those of other ramdisks are views into the image, which outlives the tree. Reported as
// "unpacking". Errors begin with the name of the ramdisk that cannot be unpacked.
[[nodiscard]] Result<FileTree> unpack_ramdisks(const Image& image,
                                               const std::filesystem::path& spool,
                                               const TreeLimits& limits, Progress& progress,
                                               LeftOut* left_out = nullptr);

}  // namespace glovebox::eif
