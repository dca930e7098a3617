// SPDX-License-Identifier: Apache-2.0

// cpio archives of the "newc" form, the only one that the kernel accepts for an initramfs (Linux
// Documentation/driver-api/early-userspace/buffer-format.rst).
//
//   each entry:  "070701" and 13 fields of 8 hexadecimal digits, 110 bytes in all:
//                  ino mode uid gid nlink mtime filesize devmajor devminor rdevmajor rdevminor
//                  namesize check
//                the name with its NUL, then zeroes up to a multiple of 4
//                the content (for a symbolic link its target), then zeroes up to a multiple of 4
//   the end:     an entry named "TRAILER!!!"
//
// Archives may follow each other, with zeroes between them. "070702" is the same form with a
// checksum in `check`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/base/bytes.h"
#include "core/base/error.h"
#include "core/base/output_file.h"
#include "sim/eif/base/byte_source.h"

namespace glovebox::eif {

struct CpioEntry {
    std::string name;  // as the archive has it: untrusted
    std::uint32_t ino = 0;
    std::uint32_t mode = 0;  // type and permissions, as st_mode
    std::uint32_t uid = 0;
    std::uint32_t gid = 0;
    std::uint32_t nlink = 1;
    std::uint32_t mtime = 0;  // seconds since 1970
    std::uint32_t size = 0;   // of the content, in bytes
    std::uint32_t device_major = 0;
    std::uint32_t device_minor = 0;
    std::uint32_t rdev_major = 0;
    std::uint32_t rdev_minor = 0;
    std::uint32_t check = 0;
};

// In bytes, with the NUL: the kernel's PATH_MAX. Like the kernel, the reader refuses longer names.
inline constexpr std::uint32_t cpio_name_size_max = 4096;
inline constexpr std::uint32_t cpio_file_size_max = 0xffffffff;

// Reads one archive after the other. `input` outlives the reader. Errors are EifError::bad_ramdisk
// and name the byte, counted in the unpacked data, at which they were found.
class CpioReader {
  public:
    explicit CpioReader(ByteSource& input);

    // The next entry; empty at the end of the data. Skips the unread content of the previous entry.
    [[nodiscard]] Result<std::optional<CpioEntry>> next();
    // Reads from the content of the current entry; 0 at its end.
    [[nodiscard]] Result<std::size_t> read(std::span<std::uint8_t> out);
    // The offset of the next byte that read() or next() takes. Directly after next(), this is the
    // start of the entry's content.
    [[nodiscard]] std::uint64_t position() const { return position_; }
    // Whether next() ended at data that is neither a cpio archive nor zeroes; the kernel looks for
    // a compressed archive there. False if it ended at the end of the data.
    [[nodiscard]] bool stopped_at_other_data() const { return other_data_; }

  private:
    [[nodiscard]] Result<BytesView> peek(std::size_t size);
    void consume(std::size_t size);
    [[nodiscard]] Result<void> skip(std::uint64_t size);
    [[nodiscard]] Result<void> skip_padding();
    [[nodiscard]] Error bad(const std::string& sentence) const;

    ByteSource& input_;
    Bytes buffer_;
    std::size_t begin_ = 0;  // of what is buffered and not consumed
    std::size_t end_ = 0;
    bool input_ended_ = false;
    std::uint64_t position_ = 0;
    std::uint64_t archive_start_ = 0;  // alignment counts from here
    std::uint64_t content_left_ = 0;
    bool inside_archive_ = false;
    bool other_data_ = false;
};

// Appends one archive to a file, which outlives the writer. The bytes follow from the entries
// alone: inodes count up from 721 and the device is 3:1, as in the ramdisks of AWS's builder, and
// check is 0.
class CpioWriter {
  public:
    explicit CpioWriter(OutputFile& out) : out_(out), start_(out.size()) {}

    // Sets the entry's ino, device, check and namesize itself. The caller then passes `entry.size`
    // bytes to write(), before the next add() or finish(). An error if the name exceeds
    // cpio_name_size_max.
    [[nodiscard]] Result<void> add(const CpioEntry& entry);
    [[nodiscard]] Result<void> write(BytesView content);
    // An entry with its content; sets entry.size.
    [[nodiscard]] Result<void> add(CpioEntry entry, BytesView content);
    // Appends the trailer, and zeroes up to a multiple of 512.
    [[nodiscard]] Result<void> finish();

  private:
    [[nodiscard]] Result<void> put_header(const CpioEntry& entry);
    [[nodiscard]] Result<void> pad(std::uint64_t multiple);

    OutputFile& out_;
    std::uint64_t start_;
    std::uint32_t next_ino_ = 721;
};

}  // namespace glovebox::eif
