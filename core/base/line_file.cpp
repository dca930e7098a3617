// SPDX-License-Identifier: Apache-2.0

#include "core/base/line_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace glovebox {
namespace {

// Whether the last line of a regular file lacks its line feed. The descriptor for appending need
// not be allowed to read.
bool ends_in_half_line(const std::string& file) {
    struct stat status {};
    if (::stat(file.c_str(), &status) != 0 || !S_ISREG(status.st_mode) || status.st_size == 0)
        return false;
    const UniqueFd reader(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    char last = '\n';
    return reader && ::pread(reader.get(), &last, 1, status.st_size - 1) == 1 && last != '\n';
}

}  // namespace

Result<LineFile> LineFile::open(const std::string& file, unsigned mode) {
    UniqueFd owned(::open(file.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, mode));
    if (!owned)
        return errno_error("cannot open " + file, errno);
    const int fd = owned.get();
    return LineFile(std::move(owned), fd, ends_in_half_line(file));
}

LineFile LineFile::standard_error() {
    return LineFile({}, STDERR_FILENO, false);
}

LineFile::LineFile(LineFile&& other) noexcept
    : owned_(std::move(other.owned_)), fd_(other.fd_), ends_in_half_(other.ends_in_half_) {}

Result<void> LineFile::append(std::string_view line) {
    const std::lock_guard lock(mutex_);
    std::string text = ends_in_half_ ? "\n" : "";
    // A line feed that ends an older half line stays when this line does not fit.
    const std::size_t kept = text.size();
    text.append(line).append("\n");
    std::size_t done = 0;
    off_t begin = -1;
    while (done < text.size()) {
        const ssize_t written = ::write(fd_, text.data() + done, text.size() - done);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0) {
            const int reason = errno;
            if (done > 0)
                ends_in_half_ = done > kept && !cut_off(begin, done, kept);
            return errno_error("cannot append a line", reason);
        }
        if (done == 0 && static_cast<std::size_t>(written) < text.size())
            begin = ::lseek(fd_, 0, SEEK_CUR) - written;
        done += static_cast<std::size_t>(written);
    }
    ends_in_half_ = false;
    return {};
}

// Cuts off all but the first `kept` bytes of what this call has written from `begin` on, unless
// another process has written between or behind them.
bool LineFile::cut_off(off_t begin, std::size_t written, std::size_t kept) const {
    const off_t end = begin + static_cast<off_t>(written);
    struct stat status {};
    return owned_ && ::lseek(fd_, 0, SEEK_CUR) == end && ::fstat(fd_, &status) == 0 &&
           S_ISREG(status.st_mode) && status.st_size == end &&
           ::ftruncate(fd_, begin + static_cast<off_t>(kept)) == 0;
}

}  // namespace glovebox
