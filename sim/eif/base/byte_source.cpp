// SPDX-License-Identifier: Apache-2.0

#include "sim/eif/base/byte_source.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace glovebox::eif {

Result<std::size_t> MemorySource::read(std::span<std::uint8_t> out) {
    const std::size_t size = std::min(out.size(), rest_.size());
    std::copy_n(rest_.begin(), size, out.begin());
    rest_ = rest_.subspan(size);
    return size;
}

Result<std::size_t> FileSource::read(std::span<std::uint8_t> out) {
    const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(out.size(), left_));
    if (size == 0)
        return std::size_t{0};
    ssize_t got = 0;
    do {
        got = ::pread(fd_, out.data(), size, static_cast<off_t>(offset_));
    } while (got < 0 && errno == EINTR);
    if (got < 0)
        return errno_error(name_.string() + " can't be read", errno);
    offset_ += static_cast<std::uint64_t>(got);
    left_ -= static_cast<std::uint64_t>(got);
    return static_cast<std::size_t>(got);
}

Result<std::size_t> read_full(ByteSource& source, std::span<std::uint8_t> out) {
    std::size_t filled = 0;
    while (filled < out.size()) {
        const auto got = source.read(out.subspan(filled));
        if (!got)
            return got.error();
        if (*got == 0)
            break;
        filled += *got;
    }
    return filled;
}

}  // namespace glovebox::eif
