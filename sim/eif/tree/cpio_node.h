// SPDX-License-Identifier: Apache-2.0

// A node of a tree as an entry of a cpio archive.
#pragma once

#include <string>

#include "core/base/error.h"
#include "core/base/progress.h"
#include "sim/eif/tree/cpio.h"
#include "sim/eif/tree/file_tree.h"

namespace glovebox::eif {

// Adds `node` with its owners, device numbers, content or link target. `entry` has the name, mode,
// number of links and time; `path` is the node's for error messages. The bytes of the content are
// reported. Errors: a content of more than cpio_file_size_max bytes, or one that ended early.
[[nodiscard]] Result<void> add_node_to(CpioWriter& cpio, CpioEntry entry, const Node& node,
                                       const std::string& path, Progress& progress = no_progress());

}  // namespace glovebox::eif
