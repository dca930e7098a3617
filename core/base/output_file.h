// SPDX-License-Identifier: Apache-2.0

// A file that appears whole or not at all: it is written without a name, or under a temporary name
// in the same folder, and commit() renames it. Without commit() nothing remains.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "core/base/bytes.h"
#include "core/base/error.h"
#include "core/base/scratch.h"
#include "core/base/unique_fd.h"

namespace glovebox {

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

    // Gives the file its name, once its bytes have found room (NFS tells that at a close). It
    // replaces an older file of that name and takes over its permissions.
    [[nodiscard]] Result<void> commit();

  private:
    OutputFile(std::filesystem::path path, UniqueFd fd, std::optional<Scratch> aside)
        : path_(std::move(path)), fd_(std::move(fd)), aside_(std::move(aside)) {}

    std::filesystem::path path_;
    UniqueFd fd_;
    std::optional<Scratch> aside_;  // its name until commit(); nothing while it has none
    std::uint64_t size_ = 0;
};

// Writes what somebody has named as a command's output. A regular file, or one that is not there
// yet, has the whole content or is as before. Where no other file can take its place, since its
// folder can't be written to, or since it is a mount of its own or the descriptor of somebody
// (/dev/stdout), it is written in place, and emptied if the content does not fit. A device or a
// pipe gets the bytes.
// Errors: errno's, with the path.
[[nodiscard]] Result<void> write_output(const std::filesystem::path& path, BytesView content);

// A content in pieces, each valid until the next one is asked for; nothing at the end.
using Pieces = std::function<std::optional<BytesView>()>;
[[nodiscard]] Result<void> write_output(const std::filesystem::path& path, const Pieces& next);

// Writes all of `bytes`, in as many calls as write(2) needs. `name` is for error messages.
[[nodiscard]] Result<void> write_all(int fd, BytesView bytes, const std::filesystem::path& name);
[[nodiscard]] Result<void> write_all(int fd, const Pieces& next, const std::filesystem::path& name);

}  // namespace glovebox
