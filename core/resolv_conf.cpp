// SPDX-License-Identifier: Apache-2.0

#include "core/resolv_conf.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <optional>

#include "core/base/file_bytes.h"

namespace glovebox::core {
namespace {

constexpr std::string_view blanks = " \t\r";

// Takes the next word off the text; empty at its end.
std::string_view take_word(std::string_view& text) {
    text.remove_prefix(std::min(text.find_first_not_of(blanks), text.size()));
    const std::string_view word = text.substr(0, text.find_first_of(blanks));
    text.remove_prefix(word.size());
    return word;
}

// The number behind "timeout:", at the least 1; empty if the word is another.
std::optional<int> number_of(std::string_view word, std::string_view key, int most) {
    if (!word.starts_with(key))
        return std::nullopt;
    word.remove_prefix(key.size());
    int number = 0;
    const auto [end, failure] = std::from_chars(word.data(), word.data() + word.size(), number);
    if (failure == std::errc::result_out_of_range && !word.starts_with('-'))
        return most;
    if (failure != std::errc() || end != word.data() + word.size() || number < 0)
        return std::nullopt;
    return std::clamp(number, 1, most);
}

}  // namespace

void read_options(std::string_view words, LookupPatience& patience) {
    for (auto word = take_word(words); !word.empty(); word = take_word(words)) {
        if (const auto seconds = number_of(word, "timeout:", 30))
            patience.timeout = std::chrono::seconds(*seconds);
        if (const auto attempts = number_of(word, "attempts:", 5))
            patience.attempts = *attempts;
    }
}

LookupPatience read_lookup_patience(const std::string& path) {
    LookupPatience patience;
    const std::string text = read_system_text(path);
    std::string_view rest = text;
    while (!rest.empty()) {
        std::string_view line = rest.substr(0, rest.find('\n'));
        rest.remove_prefix(std::min(line.size() + 1, rest.size()));
        if (take_word(line) == "options")
            read_options(line, patience);
    }
    if (const char* variable = std::getenv("RES_OPTIONS"))
        read_options(variable, patience);
    return patience;
}

}  // namespace glovebox::core
