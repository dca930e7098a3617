// SPDX-License-Identifier: Apache-2.0

// A file as bytes, by a read-only memory map. A gigabyte costs address space; its pages belong to
// the kernel's page cache and not to this process.
//
// If another process shortens the file while it is mapped, this process ends with SIGBUS, as every
// program that maps files. Glovebox and nitro-cli replace images by rename and never shorten them.
#pragma once

#include <filesystem>
#include <utility>

#include "core/base/bytes.h"
#include "core/base/error.h"
#include "core/base/unique_fd.h"

namespace glovebox::eif {

class MappedFile {
  public:
    // Fails if `path` cannot be opened or is not a regular file. Does not wait for a FIFO.
    [[nodiscard]] static Result<MappedFile> open(const std::filesystem::path& path);
    // Maps an open regular file as a whole. The descriptor stays the caller's; `name` is for error
    // messages.
    [[nodiscard]] static Result<MappedFile> map(int fd, const std::filesystem::path& name);

    MappedFile(MappedFile&& other) noexcept
        : file_(std::move(other.file_)), bytes_(std::exchange(other.bytes_, {})) {}
    MappedFile& operator=(MappedFile&& other) noexcept;
    ~MappedFile();

    // Of the file that is mapped, which may have another name by now.
    [[nodiscard]] int descriptor() const { return file_.get(); }

    // Valid as long as the object, also after a move.
    [[nodiscard]] BytesView bytes() const { return bytes_; }
    // Drops the whole pages within `part`, a part of bytes(), from this process's memory. The bytes
    // stay readable: touching them again costs a page fault. So a long reader stays small.
    void give_back(BytesView part) const;

  private:
    MappedFile(UniqueFd file, BytesView bytes) : file_(std::move(file)), bytes_(bytes) {}
    UniqueFd file_;
    BytesView bytes_;
};

}  // namespace glovebox::eif
