// SPDX-License-Identifier: Apache-2.0

// A file that appears whole or not at all: written aside in the same folder and renamed at the end.
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
    // Nothing of that name is touched yet. A symbolic link is followed, so that it stays one; what
    // exists and is not a regular file is refused.
    [[nodiscard]] static Result<OutputFile> create(const std::filesystem::path& path);

    // Without commit(), nothing is left behind.

    [[nodiscard]] Result<void> append(BytesView bytes);
    // Writes over bytes that were appended before.
    [[nodiscard]] Result<void> overwrite(std::uint64_t offset, BytesView bytes);
    [[nodiscard]] std::uint64_t size() const { return size_; }
    // Readable and writable.
    [[nodiscard]] int fd() const { return fd_.get(); }
    [[nodiscard]] const std::filesystem::path& path() const { return path_; }

    // Gives the file its name, over an older file of that name, whose permissions it takes.
    [[nodiscard]] Result<void> commit();

  private:
    OutputFile(std::filesystem::path path, UniqueFd fd, std::optional<Scratch> aside)
        : path_(std::move(path)), fd_(std::move(fd)), aside_(std::move(aside)) {}

    std::filesystem::path path_;
    UniqueFd fd_;
    std::optional<Scratch> aside_;  // its name until commit(); nothing while it has none
    std::uint64_t size_ = 0;
};

// Writes the whole of `bytes`, whatever write(2) takes at a time. `name` is for the sentence.
[[nodiscard]] Result<void> write_all(int fd, BytesView bytes, const std::filesystem::path& name);

}  // namespace glovebox::eif
