// SPDX-License-Identifier: Apache-2.0

#include "sim/eif/base/output_file.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "sim/eif/base/error.h"

namespace glovebox::eif {
namespace {

namespace fs = std::filesystem;

constexpr mode_t new_file_mode = 0666;  // less the umask, as with every program's output
constexpr int links_followed_max = 40;  // as the kernel

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

Result<OutputFile> OutputFile::create(const fs::path& path) {
    std::error_code code;
    // The file itself behind any links, which may not exist yet.
    fs::path target = path;
    for (int links = 0; fs::is_symlink(target, code) && links < links_followed_max; ++links)
        target = target.parent_path() / fs::read_symlink(target, code);
    struct stat status {};
    if (::stat(target.c_str(), &status) == 0 && !S_ISREG(status.st_mode))
        return Error(EifError::invalid_input,
                     path.string() + " exists and is not a regular file: name another output");
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

}  // namespace glovebox::eif
