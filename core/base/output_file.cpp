// SPDX-License-Identifier: Apache-2.0

#include "core/base/output_file.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

namespace glovebox {
namespace {

namespace fs = std::filesystem;

constexpr mode_t new_file_mode = 0666;  // less the umask, as with every program's output
constexpr int links_followed_max = 40;  // as the kernel
constexpr std::size_t piece_size = 64 * 1024;

// A name of an open file, such as /dev/stdout. Others write to that very file.
bool is_somebodys_descriptor(fs::path path) {
    std::error_code code;
    for (int links = 0; links < links_followed_max; ++links) {
        if (path.native().starts_with("/proc/"))
            return true;
        if (!fs::is_symlink(path, code))
            break;
        path = path.parent_path() / fs::read_symlink(path, code);
    }
    return false;
}

// Why a file can't be replaced that might be written to.
bool is_reason_to_stay(const Error& error) {
    const int reason = error.code.value();
    return reason == EACCES || reason == EPERM || reason == EROFS || reason == EBUSY;
}

// What was written aside, as pieces again.
Pieces content_of(int file) {
    return
        [file, offset = off_t{0}, piece = Bytes(piece_size)]() mutable -> std::optional<BytesView> {
            const ssize_t size = ::pread(file, piece.data(), piece.size(), offset);
            if (size <= 0)
                return std::nullopt;
            offset += size;
            return BytesView(piece).first(static_cast<std::size_t>(size));
        };
}

Result<void> write_in_place(const fs::path& path, const Pieces& next, bool is_regular) {
    const UniqueFd file(
        ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, new_file_mode));
    if (!file)
        return errno_error(path.string() + " can't be written", errno);
    auto written = write_all(file.get(), next, path);
    if (!written && is_regular) [[maybe_unused]]
        const int emptied = ::ftruncate(file.get(), 0);
    return written;
}

Scratch reserve_beside(const fs::path& path) {
    return Scratch::reserve(path.parent_path(), "." + path.filename().string() + ".");
}

}  // namespace

Result<void> write_all(int fd, BytesView bytes, const fs::path& name) {
    while (!bytes.empty()) {
        const ssize_t written = ::write(fd, bytes.data(), bytes.size());
        if (written < 0) {
            if (errno == EINTR)
                continue;
            return errno_error(name.string() + " can't be written", errno);
        }
        bytes = bytes.subspan(static_cast<std::size_t>(written));
    }
    return {};
}

Result<void> write_all(int fd, const Pieces& next, const fs::path& name) {
    while (const auto piece = next())
        if (auto written = write_all(fd, *piece, name); !written)
            return written;
    return {};
}

Result<void> write_output(const fs::path& path, BytesView content) {
    return write_output(path, [&]() -> std::optional<BytesView> {
        return content.empty() ? std::nullopt : std::optional(std::exchange(content, {}));
    });
}

Result<void> write_output(const fs::path& path, const Pieces& next) {
    struct stat status {};
    const bool exists = ::stat(path.c_str(), &status) == 0;
    const bool is_regular = !exists || S_ISREG(status.st_mode);
    if (!is_regular || is_somebodys_descriptor(path))
        return write_in_place(path, next, is_regular);
    auto file = OutputFile::create(path);
    if (!file)
        return exists && is_reason_to_stay(file.error()) ? write_in_place(path, next, is_regular)
                                                         : Result<void>(file.error());
    if (auto written = write_all(file->fd(), next, path); !written)
        return written;
    auto named = file->commit();
    if (!named && exists && is_reason_to_stay(named.error()))
        return write_in_place(path, content_of(file->fd()), is_regular);
    return named;
}

Result<OutputFile> OutputFile::create(const fs::path& path) {
    std::error_code code;
    // The file itself behind any links, which may not exist yet.
    fs::path target = path;
    for (int links = 0; fs::is_symlink(target, code) && links < links_followed_max; ++links)
        target = target.parent_path() / fs::read_symlink(target, code);
    struct stat status {};
    if (::stat(target.c_str(), &status) == 0 && !S_ISREG(status.st_mode))
        return invalid_input(path.string() +
                             " exists and is not a regular file: name another output");
    fs::path folder = target.parent_path();
    if (folder.empty())
        folder = ".";
    std::optional<Scratch> aside;
    UniqueFd fd(::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, new_file_mode));
    if (!fd) {
        // Not every file system has O_TMPFILE (NFS, old overlays). Without it the file has a
        // temporary name from the start.
        aside.emplace(reserve_beside(target));
        fd.reset(::open(aside->path().c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                        new_file_mode));
    }
    if (!fd)
        return errno_error("no file can be made in " + folder.string(), errno);
    return OutputFile(std::move(target), std::move(fd), std::move(aside));
}

Result<void> OutputFile::append(BytesView bytes) {
    size_ += bytes.size();
    return write_all(fd_.get(), bytes, path_);
}

Result<void> OutputFile::overwrite(std::uint64_t offset, BytesView bytes) {
    while (!bytes.empty()) {
        const ssize_t written =
            ::pwrite(fd_.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
        if (written < 0) {
            if (errno == EINTR)
                continue;
            return errno_error(path_.string() + " can't be written", errno);
        }
        offset += static_cast<std::uint64_t>(written);
        bytes = bytes.subspan(static_cast<std::size_t>(written));
    }
    return {};
}

Result<void> OutputFile::commit() {
    if (const int copy = ::dup(fd_.get()); copy < 0 || ::close(copy) != 0)
        return errno_error(path_.string() + " can't be written", errno);
    struct stat older {};
    if (::stat(path_.c_str(), &older) == 0 && ::fchmod(fd_.get(), older.st_mode & 07777) != 0)
        return errno_error(path_.string() + " can't be given its permissions", errno);
    // linkat never replaces, so an O_TMPFILE gets a name aside first.
    const std::string self = fmt::format("/proc/self/fd/{}", fd_.get());
    if (!aside_) {
        aside_.emplace(reserve_beside(path_));
        if (::linkat(AT_FDCWD, self.c_str(), AT_FDCWD, aside_->path().c_str(), AT_SYMLINK_FOLLOW) !=
            0)
            return errno_error(path_.string() + " can't be given its name", errno);
    }
    return aside_->rename_to(path_);
}

}  // namespace glovebox
