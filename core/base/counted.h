// SPDX-License-Identifier: Apache-2.0

// Numbers of things in sentences.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace glovebox {

// "1 listener", "2 listeners", "0 listeners": the noun with an s where there is not exactly one.
[[nodiscard]] inline std::string counted(std::uint64_t number, std::string_view noun) {
    return fmt::format("{} {}{}", number, noun, number == 1 ? "" : "s");
}

}  // namespace glovebox
