// SPDX-License-Identifier: Apache-2.0

// A file that appears whole or not at all: it is written without a name, or under a temporary name
// in the same folder, and commit() renames it. Without commit() nothing remains.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "core/base/bytes.h"
#include "core/base/error.h"
#include "core/base/scratch.h"
#include "core/base/unique_fd.h"

namespace glovebox::eif {

class OutputFile {
  public:
    // Touches nothing of that name yet. A symbolic link is followed, so that commit() replaces its
    // target and not the link. Fails if something exists that is not a regular file, or if the
    // folder cannot be written to.
    [[nodiscard]] static Result<OutputFile> create(const std::filesystem::path& path);

    [[nodiscard]] Result<void> append(BytesView bytes);
    // Overwrites bytes that were appended before; size() does not change.
    [[nodiscard]] Result<void> overwrite(std::uint64_t offset, BytesView bytes);
    [[nodiscard]] std::uint64_t size() const { return size_; }
    // Readable and writable. Stays owned by the object.
    [[nodiscard]] int fd() const { return fd_.get(); }
    [[nodiscard]] const std::filesystem::path& path() const { return path_; }

    // Gives the file its name. It replaces an older file of that name and takes over its
    // permissions.
    [[nodiscard]] Result<void> commit();

  private:
    OutputFile(std::filesystem::path path, UniqueFd fd, std::optional<Scratch> aside)
        : path_(std::move(path)), fd_(std::move(fd)), aside_(std::move(aside)) {}

    std::filesystem::path path_;
    UniqueFd fd_;
    std::optional<Scratch> aside_;  // its name until commit(); nothing while it has none
    std::uint64_t size_ = 0;
};

// Writes all of `bytes`, in as many calls as write(2) needs. `name` is for error messages.
[[nodiscard]] Result<void> write_all(int fd, BytesView bytes, const std::filesystem::path& name);

}  // namespace glovebox::eif
