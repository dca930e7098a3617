// SPDX-License-Identifier: Apache-2.0

// A ramdisk section, read as the kernel unpacks it: cpio archives one after the other, each plain
// or compressed (Linux Documentation/driver-api/early-userspace/buffer-format.rst).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/error.h"
#include "core/base/progress.h"
#include "sim/eif/tree/archive_reader.h"
#include "sim/eif/tree/cpio.h"
#include "sim/eif/tree/file_tree.h"
#include "sim/eif/tree/spool.h"

namespace glovebox::eif {

// Reads the entries of a ramdisk one after the other. The end of the first compressed archive is
// the end of the ramdisk. Errors are EifError::bad_ramdisk.
class RamdiskReader {
  public:
    // `ramdisk` and `progress` outlive the object. What is read of the ramdisk is reported.
    explicit RamdiskReader(BytesView ramdisk, Progress& progress = no_progress());

    // As in CpioReader.
    [[nodiscard]] Result<std::optional<CpioEntry>> next();
    [[nodiscard]] Result<std::size_t> read(std::span<std::uint8_t> out);
    // The compression of the part that next() reads now.
    [[nodiscard]] Compression compression() const { return compression_; }
    // The current entry's content as a part of the ramdisk; empty if it is compressed. Call it
    // directly after next().
    [[nodiscard]] std::optional<BytesView> plain_content(const CpioEntry& entry) const;

  private:
    BytesView ramdisk_;
    Progress& progress_;
    Compression compression_ = Compression::none;
    std::unique_ptr<ByteSource> raw_;
    std::unique_ptr<ByteSource> unpacked_;
    std::unique_ptr<CpioReader> cpio_;
};

// Entries of ramdisks that a kernel does not unpack, since the folder that they are in has no entry
// before them.
class LeftOut {
  public:
    void add(std::string path) {
        if (count_++ < shown_max)
            first_.push_back(std::move(path));
    }
    [[nodiscard]] std::size_t count() const { return count_; }
    // Names ten of them at the most, printably.
    [[nodiscard]] std::string sentence() const;

  private:
    static constexpr std::size_t shown_max = 10;
    std::size_t count_ = 0;
    std::vector<std::string> first_;
};

// Unpacks a ramdisk into `tree`, over the files of earlier ones, by the kernel's rules: later
// entries replace earlier ones, and hard links are recognised by inode. Uncompressed contents are
// views into `ramdisk`, which outlives the tree; compressed ones go to the spool. Errors begin with
// `name`. `left_out` gets what is left out.
[[nodiscard]] Result<void> unpack_ramdisk(BytesView ramdisk, const std::string& name,
                                          FileTree& tree, Spool& spool, TreeBudget& budget,
                                          Progress& progress = no_progress(),
                                          LeftOut* left_out = nullptr);

}  // namespace glovebox::eif
