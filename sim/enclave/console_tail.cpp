// SPDX-License-Identifier: Apache-2.0

#include "sim/enclave/console_tail.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>

#include "core/base/unique_fd.h"
#include "sim/enclave/record.h"

namespace glovebox::enclave {

std::string last_console_lines(int world, core::Cid cid, std::size_t lines, std::size_t bytes) {
    const UniqueFd file(
        ::openat(world, console_file_name(cid).c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    const off_t size = file ? ::lseek(file.get(), 0, SEEK_END) : 0;
    if (size <= 0)
        return {};
    const auto wanted = std::min(static_cast<std::size_t>(size), bytes);
    std::string text(wanted, '\0');
    const ssize_t got = ::pread(file.get(), text.data(), wanted, size - static_cast<off_t>(wanted));
    text.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
    std::size_t begin = text.size();
    for (std::size_t line = 0; line < lines && begin > 0; ++line) {
        const std::size_t newline = begin < 2 ? std::string::npos : text.rfind('\n', begin - 2);
        begin = newline == std::string::npos ? 0 : newline + 1;
    }
    return text.substr(begin);
}

}  // namespace glovebox::enclave
