// SPDX-License-Identifier: Apache-2.0

// What image files measured, so that an image is read once and not at each start.
//
//   <folder>/<96 hexadecimal digits>    SHA-384 of the image's path; the file's identity, PCR0,
//                                       PCR1, PCR2 and the CRC, a line each
//
// An identity is the device, inode number, size, and times of modification and change. As with a
// tree's seal (tree_seal.h), every change through the kernel sets the time of change, which no call
// sets to another. This holds for ext4, XFS, Btrfs and F2FS; files elsewhere are never noted. A
// file is noted only if it was as old as file systems count time, so that a change behind the
// measurement has another time, and after it was written to its disk, so that this holds for a
// program that has it mapped as well. What evades it: root, who can set the clock back.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "core/base/clock.h"
#include "core/base/error.h"
#include "core/base/progress.h"
#include "sim/eif/base/mapped_file.h"
#include "sim/eif/format/image.h"
#include "sim/eif/format/measurement.h"

namespace glovebox::eif {

class MeasuredFiles {
  public:
    // The folder need not exist (cache_folder.h).
    MeasuredFiles(std::filesystem::path folder, const Clock& clock);

    // measure_content(), or what it found in the same, unchanged file before. `image` was parsed
    // from `file`, which was opened at `path`. What can't be noted is measured again the next time.
    [[nodiscard]] ContentMeasurement measure(const Image& image, const MappedFile& file,
                                             const std::filesystem::path& path,
                                             Progress& progress = no_progress()) const;

  private:
    [[nodiscard]] std::filesystem::path note_of(const std::filesystem::path& image) const;

    std::filesystem::path folder_;
    const Clock& clock_;
};

}  // namespace glovebox::eif
