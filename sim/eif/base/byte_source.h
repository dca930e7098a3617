// SPDX-License-Identifier: Apache-2.0

// A stream of bytes to read: memory, a file, the output of a decompressor, an entry of an archive.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>

#include "core/base/bytes.h"
#include "core/base/error.h"
#include "core/base/unique_fd.h"

namespace glovebox::eif {

// Bytes that are read at once from a source of any size.
inline constexpr std::size_t piece_size = 64 << 10;

class ByteSource {
  public:
    virtual ~ByteSource() = default;
    // Fills the front of `out`, which is not empty, and returns the number of bytes. That may be
    // fewer than out.size() at any time; 0 only at the end.
    [[nodiscard]] virtual Result<std::size_t> read(std::span<std::uint8_t> out) = 0;
};

// The bytes outlive the source.
class MemorySource final : public ByteSource {
  public:
    explicit MemorySource(BytesView bytes) : rest_(bytes) {}
    [[nodiscard]] Result<std::size_t> read(std::span<std::uint8_t> out) override;

  private:
    BytesView rest_;
};

// An open file from `offset` on, at most `size` bytes of it. Uses pread: the position of the
// descriptor is neither used nor moved. `fd` stays the caller's; `name` is for error messages.
class FileSource final : public ByteSource {
  public:
    FileSource(int fd, std::uint64_t offset, std::uint64_t size, std::filesystem::path name)
        : fd_(fd), offset_(offset), left_(size), name_(std::move(name)) {}
    [[nodiscard]] Result<std::size_t> read(std::span<std::uint8_t> out) override;

  private:
    int fd_;
    std::uint64_t offset_;
    std::uint64_t left_;
    std::filesystem::path name_;
};

// Reads until `out` is full or the source ends, and returns the number of bytes.
[[nodiscard]] Result<std::size_t> read_full(ByteSource& source, std::span<std::uint8_t> out);

}  // namespace glovebox::eif
