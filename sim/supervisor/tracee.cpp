// SPDX-License-Identifier: Apache-2.0

#include "sim/supervisor/tracee.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>

namespace glovebox::supervisor {

OrErrno<std::size_t> Tracee::read_some(std::span<const Source> sources) {
    std::size_t bytes = 0;
    for (const Source& source : sources) {
        const auto read = read_some(source.address, source.out);
        if (!read && bytes == 0)
            return read.error();
        bytes += read ? *read : 0;
        if (!read || *read < source.out.size())
            break;
    }
    return bytes;
}

int Tracee::write(std::span<const Target> targets) {
    for (const Target& target : targets)
        if (const int error = write(target.address, target.bytes))
            return error;
    return 0;
}

int Tracee::read(std::uint64_t address, std::span<std::uint8_t> out) {
    if (out.empty())
        return 0;
    const auto bytes = read_some(address, out);
    if (!bytes)
        return to_int(bytes.error());
    return *bytes == out.size() ? 0 : EFAULT;
}

OrErrno<std::string> Tracee::read_path(std::uint64_t address) {
    // Most paths are short, and a read that stays within a page never touches one that is absent.
    constexpr std::uint64_t page_bytes = 4096;
    constexpr std::size_t first_bytes = 256;
    std::string path;
    std::array<std::uint8_t, page_bytes> buffer;
    while (path.size() < PATH_MAX) {
        const std::size_t in_page = page_bytes - address % page_bytes;
        const std::size_t wanted = std::min(in_page, path.empty() ? first_bytes : page_bytes);
        const auto bytes = read_some(address, {buffer.data(), wanted});
        if (!bytes)
            return bytes.error();
        const auto end = buffer.begin() + static_cast<std::ptrdiff_t>(*bytes);
        const auto zero = std::find(buffer.begin(), end, 0);
        path.append(buffer.begin(), zero);
        if (zero != end)
            return path.size() < PATH_MAX ? OrErrno<std::string>(std::move(path))
                                          : OrErrno<std::string>(Errno{ENAMETOOLONG});
        address += *bytes;
    }
    return Errno{ENAMETOOLONG};
}

}  // namespace glovebox::supervisor
