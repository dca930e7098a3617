// SPDX-License-Identifier: Apache-2.0

#include "core/base/file_bytes.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <boost/system/errc.hpp>
#include <cerrno>

#include "core/base/unique_fd.h"

namespace glovebox {

Result<Bytes> read_file_bytes(const std::string& path, std::size_t limit) {
    const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file)
        return errno_error("cannot open " + path, errno);
    return read_bytes(file.get(), path, limit);
}

Result<Bytes> read_bytes(int fd, std::string_view name, std::size_t limit) {
    constexpr std::size_t step = 64 * 1024;
    Bytes content;
    std::size_t size = 0;
    // A file of known size is read into memory for it and no more. One byte more finds its end.
    struct stat status {};
    const bool is_known = ::fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
    const std::size_t first =
        std::max(step, is_known ? static_cast<std::size_t>(status.st_size) + 1 : 0);
    for (;;) {
        // One byte more than the limit tells a file that is just as large from a larger one.
        if (size == content.size())
            content.resize(std::min(std::max(2 * size, first), limit + 1));
        const ssize_t got = ::read(fd, content.data() + size, content.size() - size);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return errno_error(fmt::format("cannot read {}", name), errno);
        if (got == 0)
            break;
        size += static_cast<std::size_t>(got);
        if (size > limit)
            return Error(
                make_error_code(boost::system::errc::file_too_large),
                fmt::format("{} has more than {} bytes, the most that is read of it", name, limit));
    }
    content.resize(size);
    return content;
}

std::string read_system_text(const std::string& path) {
    constexpr std::size_t limit = 64 << 20;
    const auto content = read_file_bytes(path, limit);
    return content ? std::string(as_text(*content)) : std::string();
}

}  // namespace glovebox
