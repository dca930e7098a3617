// SPDX-License-Identifier: Apache-2.0

// Takes an image apart into files.
#pragma once

#include <filesystem>

#include "core/base/error.h"
#include "core/base/progress.h"
#include "sim/eif/format/image.h"
#include "sim/eif/tree/file_tree.h"

namespace glovebox::eif {

struct ExtractOptions {
    // Also unpacks the ramdisks, one over the other as the kernel does, into files/, and lists them
    // in files.txt with owners, modes and devices, which only a listing can keep.
    bool files = false;
    TreeLimits limits;
};

// Makes `folder`, which must not exist, with kernel, cmdline, ramdisk0.cpio (.cpio.gz ...) and so
// on, metadata.json, signature.cbor and signing-certificate.pem. It appears whole or not at all.
[[nodiscard]] Result<void> extract_image(const Image& image, const std::filesystem::path& folder,
                                         const ExtractOptions& options,
                                         Progress& progress = no_progress());

}  // namespace glovebox::eif
