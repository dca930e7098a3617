// SPDX-License-Identifier: Apache-2.0

// Explains why two ramdisks are not the same bytes: which files differ and in which attributes, or
// only the order, the numbering or the compression.
#pragma once

#include <string>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/progress.h"

namespace glovebox::eif {

// Appends a line for each difference, indented by 4. At most `files_max` files are named, further
// ones are counted. In "x / y", x is the value in `a`.
void compare_ramdisks(BytesView a, BytesView b, std::size_t files_max,
                      std::vector<std::string>& lines, Progress& progress);

}  // namespace glovebox::eif
