// SPDX-License-Identifier: Apache-2.0

// Why two ramdisks are not the same bytes: which files, which of their attributes, or only their
// order, numbering or packing.
#pragma once

#include <string>
#include <vector>

#include "core/base/bytes.h"

namespace glovebox::eif {

// Appends a line for each difference, indented by 4. At most `files_max` files are named, the
// others counted. The first ramdisk's value stands before the slash.
void compare_ramdisks(BytesView a, BytesView b, std::size_t files_max,
                      std::vector<std::string>& lines);

}  // namespace glovebox::eif
