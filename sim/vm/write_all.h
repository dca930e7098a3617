// SPDX-License-Identifier: Apache-2.0

// Bytes to a descriptor whose other end may go.
#pragma once

#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <string_view>

namespace glovebox::vm {

// What one read of a stream takes.
inline constexpr std::size_t piece_bytes = 65536;

// Writes all of it, to a descriptor that blocks; false if the other end has gone, or for -1.
inline bool write_all(int fd, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t written = ::write(fd, bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return false;
        bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return true;
}

}  // namespace glovebox::vm
