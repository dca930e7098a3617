// SPDX-License-Identifier: Apache-2.0

// Explains why two images have different measurements.
#pragma once

#include <boost/json/object.hpp>
#include <optional>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/base/progress.h"
#include "core/crypto/pcr.h"
#include "sim/eif/format/image.h"

namespace glovebox::eif {

// A PCR that differs; a value is empty if its image lacks this index.
struct PcrPair {
    const char* name;  // "PCR0"
    std::optional<Pcr> first;
    std::optional<Pcr> second;
};

struct Comparison {
    bool same_measurements = false;  // PCR0, 1, 2 and 8
    bool same_bytes = false;
    std::vector<PcrPair> pcrs;
    // For people, indented: which PCRs differ, because of which sections, and in a ramdisk because
    // of which files and attributes; then the differences that no PCR covers. Safe for a terminal.
    std::vector<std::string> lines;
};

// `files_max`: how many files of a ramdisk are named; further ones are counted.
[[nodiscard]] Comparison compare_images(const Image& a, const Image& b, std::size_t files_max = 50,
                                        Progress& progress = no_progress());

// {"same_bytes", "same_measurements", "pcrs": {"PCR0": [hexadecimal or null, the second's]...},
// "differences": [line...]}
[[nodiscard]] boost::json::object to_json(const Comparison& comparison);

}  // namespace glovebox::eif
