// SPDX-License-Identifier: Apache-2.0

// The two hexadecimal digits of a byte, in small letters: what to_hex() and every escape write.
#pragma once

#include <cstdint>
#include <string>

namespace glovebox {

inline void append_hex(std::string& to, std::uint8_t byte) {
    constexpr char digits[] = "0123456789abcdef";
    to += digits[byte >> 4];
    to += digits[byte & 15];
}

}  // namespace glovebox
