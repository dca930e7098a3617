// SPDX-License-Identifier: Apache-2.0

#include "core/base/random_source.h"

#include <sys/random.h>

#include <cerrno>
#include <system_error>

namespace glovebox {

void SystemRandom::fill(std::span<std::uint8_t> out) {
    while (!out.empty()) {
        const ssize_t got = ::getrandom(out.data(), out.size(), 0);
        if (got < 0) {
            if (errno == EINTR)
                continue;
            throw std::system_error(errno, std::generic_category(), "getrandom");
        }
        out = out.subspan(static_cast<std::size_t>(got));
    }
}

void SeededRandom::fill(std::span<std::uint8_t> out) {
    for (std::uint8_t& byte : out)
        byte = static_cast<std::uint8_t>(engine_());
}

}  // namespace glovebox
