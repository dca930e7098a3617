// SPDX-License-Identifier: Apache-2.0

// Why two images measure differently.
#pragma once

#include <string>
#include <vector>

#include "core/base/error.h"
#include "sim/eif/format/image.h"

namespace glovebox::eif {

struct Comparison {
    bool same_measurements = false;  // PCR0, 1, 2 and 8
    bool same_bytes = false;
    // For people, indented: which PCRs differ, by which sections, and in a ramdisk by which files
    // and which of their attributes; then what differs and is in no PCR.
    std::vector<std::string> lines;
};

// `files_max`: how many files of a ramdisk are named before they are only counted.
[[nodiscard]] Comparison compare_images(const Image& a, const Image& b, std::size_t files_max = 50);

}  // namespace glovebox::eif
