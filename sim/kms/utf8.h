// SPDX-License-Identifier: Apache-2.0

// Characters of UTF-8, as the members of a request are: the reader of JSON has refused any other
// bytes.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace glovebox::kms {

// Takes the first character off a text that is not empty.
[[nodiscard]] constexpr char32_t take_character(std::string_view& text) {
    const auto lead = static_cast<unsigned char>(text.front());
    const std::size_t bytes = lead < 0xc0 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    char32_t character = bytes == 1 ? lead : lead & (0x7fU >> bytes);
    for (std::size_t i = 1; i < std::min(bytes, text.size()); ++i)
        character = character << 6 | (static_cast<unsigned char>(text[i]) & 0x3fU);
    text.remove_prefix(std::min(bytes, text.size()));
    return character;
}

[[nodiscard]] constexpr std::size_t count_characters(std::string_view text) {
    std::size_t count = 0;
    for (; !text.empty(); ++count)
        static_cast<void>(take_character(text));
    return count;
}

}  // namespace glovebox::kms
