// SPDX-License-Identifier: Apache-2.0

#include "sim/sandbox/inherited_descriptors.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>

namespace glovebox::sandbox {
namespace {

constexpr unsigned close_range_cloexec = 4;  // CLOSE_RANGE_CLOEXEC, Linux 5.11

void close_range(unsigned first, unsigned last, unsigned flags) noexcept {
    ::syscall(SYS_close_range, first, last, flags);
}

}  // namespace

void close_all_but(std::span<const int> kept) noexcept {
    unsigned first = first_free_descriptor;
    for (const int descriptor : kept) {
        const auto number = static_cast<unsigned>(descriptor);
        if (number < first)
            continue;
        if (number > first)
            close_range(first, number - 1, 0);
        first = number + 1;
    }
    close_range(first, ~0U, 0);
}

void close_all_on_exec() noexcept {
    close_range(first_free_descriptor, ~0U, close_range_cloexec);
}

int take_standard_streams(const std::array<int, 3>& streams) noexcept {
    std::array<int, 3> copies{};
    for (std::size_t i = 0; i < copies.size(); ++i) {
        copies[i] = ::fcntl(streams[i], F_DUPFD_CLOEXEC, first_free_descriptor);
        if (copies[i] < 0)
            return errno;
    }
    for (std::size_t i = 0; i < copies.size(); ++i) {
        if (::dup2(copies[i], static_cast<int>(i)) < 0)
            return errno;
        ::close(copies[i]);
    }
    return 0;
}

}  // namespace glovebox::sandbox
