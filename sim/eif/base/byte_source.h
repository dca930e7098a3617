// SPDX-License-Identifier: Apache-2.0

// Bytes that come in turn: from memory, from a file, out of a decompressor, out of an archive's
// entry.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>

#include "core/base/bytes.h"
#include "core/base/error.h"
#include "core/base/unique_fd.h"

namespace glovebox::eif {

// How much is read at once of what may be large.
inline constexpr std::size_t piece_size = 64 << 10;

class ByteSource {
  public:
    virtual ~ByteSource() = default;
    // Fills the front of `out`, which is not empty, and says with how many bytes: fewer than asked
    // for at any time, 0 only at the end.
    [[nodiscard]] virtual Result<std::size_t> read(std::span<std::uint8_t> out) = 0;
};

class MemorySource final : public ByteSource {
  public:
    explicit MemorySource(BytesView bytes) : rest_(bytes) {}
    [[nodiscard]] Result<std::size_t> read(std::span<std::uint8_t> out) override;

  private:
    BytesView rest_;
};

// An open file from `offset` on, `size` bytes of it at the most. The descriptor's own position is
// neither used nor moved.
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

// Reads until `out` is full or the source ends; says how many bytes came.
[[nodiscard]] Result<std::size_t> read_full(ByteSource& source, std::span<std::uint8_t> out);

}  // namespace glovebox::eif
