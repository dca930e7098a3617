// SPDX-License-Identifier: Apache-2.0

// Whether an image that is whole would start its program on Nitro: its kernel, its init, and the
// program that init has to run. `glovebox run --eif` needs no kernel, so that it cannot find
// this by trying.
#pragma once

#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/base/progress.h"
#include "sim/eif/format/image.h"

namespace glovebox::nitro_cli {

// A sentence for each thing that would keep the program from running; empty if it would run. Reads
// all ramdisks, with the contents of their files in a temporary file. The error is one of a
// ramdisk that the kernel could not unpack.
[[nodiscard]] Result<std::vector<std::string>> check_boot(const eif::Image& image,
                                                          Progress& progress);

}  // namespace glovebox::nitro_cli
