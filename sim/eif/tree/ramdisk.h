// SPDX-License-Identifier: Apache-2.0

// A ramdisk section as the kernel unpacks it: cpio archives one behind the other, each plain or
// compressed.
#pragma once

#include <memory>
#include <optional>

#include "core/base/error.h"
#include "sim/eif/tree/archive_reader.h"
#include "sim/eif/tree/cpio.h"
#include "sim/eif/tree/file_tree.h"
#include "sim/eif/tree/spool.h"

namespace glovebox::eif {

// Reads the entries of a ramdisk one after the other. Behind a compressed archive nothing else is
// looked for: its end is the ramdisk's.
class RamdiskReader {
  public:
    // `ramdisk` outlives the object.
    explicit RamdiskReader(BytesView ramdisk);

    [[nodiscard]] Result<std::optional<CpioEntry>> next();
    [[nodiscard]] Result<std::size_t> read(std::span<std::uint8_t> out);
    // How the data that next() reads now is packed.
    [[nodiscard]] Compression compression() const { return compression_; }
    // The current entry's content where it lies in the ramdisk, when it isn't compressed. To be
    // asked right behind next().
    [[nodiscard]] std::optional<BytesView> plain_content(const CpioEntry& entry) const;

  private:
    BytesView ramdisk_;
    Compression compression_ = Compression::none;
    std::unique_ptr<ByteSource> raw_;
    std::unique_ptr<ByteSource> unpacked_;
    std::unique_ptr<CpioReader> cpio_;
};

// Unpacks a ramdisk into `tree`, over what earlier ones left there, by the kernel's rules: later
// entries replace earlier ones, hard links are known by inode. Uncompressed contents stay views
// into `ramdisk`, compressed ones go to the spool. `name` begins the sentences of errors.
[[nodiscard]] Result<void> unpack_ramdisk(BytesView ramdisk, const std::string& name,
                                          FileTree& tree, Spool& spool, TreeBudget& budget);

}  // namespace glovebox::eif
