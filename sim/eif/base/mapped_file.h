// SPDX-License-Identifier: Apache-2.0

// A file as bytes, by a read-only memory map: a gigabyte costs address space, and its pages are the
// kernel's page cache, not this process's.
//
// A file that another process shortens while it is mapped ends this one with SIGBUS, as with every
// program that maps files. Images are replaced by rename, here and by nitro-cli, never shortened.
#pragma once

#include <filesystem>
#include <utility>

#include "core/base/bytes.h"
#include "core/base/error.h"

namespace glovebox::eif {

class MappedFile {
  public:
    // Refuses what is not a regular file.
    [[nodiscard]] static Result<MappedFile> open(const std::filesystem::path& path);
    // The whole of an open regular file; `name` is for sentences. The descriptor stays the
    // caller's.
    [[nodiscard]] static Result<MappedFile> map(int fd, const std::filesystem::path& name);

    MappedFile(MappedFile&& other) noexcept : bytes_(std::exchange(other.bytes_, {})) {}
    MappedFile& operator=(MappedFile&& other) noexcept;
    ~MappedFile();

    [[nodiscard]] BytesView bytes() const { return bytes_; }
    // Takes whole pages of `part`, a part of bytes(), out of this process; touching them again
    // costs a page fault. A long reader stays small in this way.
    void give_back(BytesView part) const;

  private:
    explicit MappedFile(BytesView bytes) : bytes_(bytes) {}
    BytesView bytes_;
};

}  // namespace glovebox::eif
