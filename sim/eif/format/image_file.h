// SPDX-License-Identifier: Apache-2.0

// An image and the file that it is read from.
#pragma once

#include <string>

#include "sim/eif/base/mapped_file.h"
#include "sim/eif/format/image.h"

namespace glovebox::eif {

struct ImageFile {
    MappedFile file;
    Image image;  // a view into the file

    // The error names the file.
    [[nodiscard]] static Result<ImageFile> open(const std::string& path);
};

}  // namespace glovebox::eif
