// SPDX-License-Identifier: Apache-2.0

#include "sim/eif/format/image_file.h"

#include <utility>

namespace glovebox::eif {

Result<ImageFile> ImageFile::open(const std::string& path) {
    auto file = MappedFile::open(path);
    if (!file)
        return file.error();
    auto image = Image::parse(file->bytes());
    if (!image)
        return Error(image.error()).in(path);
    return ImageFile{std::move(*file), std::move(*image)};
}

}  // namespace glovebox::eif
