// SPDX-License-Identifier: Apache-2.0

// The image of each enclave of a world: its own, or one that is built with AWS's kernel and init.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "core/base/error.h"
#include "sim/eif/format/measurement.h"
#include "sim/up/world_parts.h"

namespace glovebox::nitro {

struct EnclaveImage {
    std::string eif;  // its path
    std::uint64_t bytes = 0;
    eif::Measurements pcrs;
};

struct ImagePlaces {
    std::filesystem::path blobs;   // AWS's kernel, cmdline, init and nsm.ko
    std::filesystem::path made;    // where images are built
    std::filesystem::path folder;  // the world file's
    std::string glovebox;          // this program
};

// NITRO_CLI_BLOBS, or where the package aws-nitro-enclaves-cli-devel has them.
[[nodiscard]] std::filesystem::path blobs_folder();

// The memory that nitro-cli asks for, in MiB: four times the image, and 64.
[[nodiscard]] std::uint32_t memory_least(const EnclaveImage& image);

// The enclave's `eif`, measured; or an image of its `rootfs`, or of its command
// (command_root.h), built and measured.
[[nodiscard]] Result<EnclaveImage> make_image(const up::EnclavePart& enclave,
                                              const ImagePlaces& places);

}  // namespace glovebox::nitro
