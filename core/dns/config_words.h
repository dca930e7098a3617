// SPDX-License-Identifier: Apache-2.0

// The lines and words of hosts(5), resolv.conf(5) and nsswitch.conf(5).
#pragma once

#include <algorithm>
#include <string_view>

namespace glovebox::core {

// Takes the next line off the text, without its end.
[[nodiscard]] inline std::string_view take_line(std::string_view& text) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    return line;
}

// Takes the next word off the line; empty at its end.
[[nodiscard]] inline std::string_view take_word(std::string_view& line) {
    constexpr std::string_view blanks = " \t\r\v\f";
    line.remove_prefix(std::min(line.find_first_not_of(blanks), line.size()));
    const std::string_view word = line.substr(0, line.find_first_of(blanks));
    line.remove_prefix(word.size());
    return word;
}

}  // namespace glovebox::core
