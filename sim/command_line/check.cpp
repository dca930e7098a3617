// SPDX-License-Identifier: Apache-2.0

#include "sim/command_line/check.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>

#include "core/base/clock.h"

namespace glovebox::command_line {
namespace {

std::string range_text(std::uint64_t least, std::uint64_t most) {
    // The largest number of a type means nothing to a reader.
    return most >= std::numeric_limits<std::uint32_t>::max() && least > 0
               ? fmt::format("a whole number of {} or more", least)
               : fmt::format("a whole number from {} to {}", least, most);
}

// Decimal digits only, and no leading zero, which could be taken for octal.
std::string problem_of_number(const Option& option, const std::string& text) {
    std::uint64_t number = 0;
    const char* const end = text.data() + text.size();
    const auto read = std::from_chars(text.data(), end, number);
    const bool is_number = !text.empty() && read.ec == std::errc() && read.ptr == end &&
                           (text == "0" || text.front() != '0');
    if (is_number && number >= option.least && number <= option.most)
        return {};
    return fmt::format("\"{}\" is not {}: {} was expected", text, option.noun,
                       range_text(option.least, option.most));
}

std::string problem_of_duration(const std::string& text) {
    const auto duration = parse_duration(text);
    if (!duration)
        return duration.error().message;
    if (*duration < duration->zero())
        return fmt::format("\"{}\" is negative: a duration such as 90s or 1h30m was expected",
                           text);
    return {};
}

std::string problem_of_choice(const Option& option, const std::string& text) {
    const auto& choices = option.choices;
    if (std::find(choices.begin(), choices.end(), text) != choices.end())
        return {};
    std::string known;
    for (const std::string_view& choice : choices)
        known.append(known.empty()                ? ""
                     : &choice == &choices.back() ? " or "
                                                  : ", ")
            .append(choice);
    return fmt::format("\"{}\" is not {}: {} was expected", text, option.noun, known);
}

std::string problem_of_kind(const Option& option, const std::string& text) {
    switch (option.kind) {
        case Kind::number:
            return problem_of_number(option, text);
        case Kind::duration:
            return problem_of_duration(text);
        case Kind::choice:
            return problem_of_choice(option, text);
        default:
            return {};
    }
}

}  // namespace

std::string problem_of(const Option& option, const std::string& text) {
    // A check may suppose that the text is of the option's kind.
    std::string problem = problem_of_kind(option, text);
    return problem.empty() && option.check != nullptr ? option.check(text) : problem;
}

std::string key_of(const Option& option, const std::string& entry) {
    return option.key_of != nullptr ? option.key_of(entry) : entry.substr(0, entry.find('='));
}

}  // namespace glovebox::command_line
