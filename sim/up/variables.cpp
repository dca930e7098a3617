// SPDX-License-Identifier: Apache-2.0

#include "sim/up/variables.h"

#include <fmt/core.h>

#include <cstdlib>

#include "core/base/printable.h"

namespace glovebox::up {
namespace {

constexpr std::size_t expanded_bytes_max = 1024 * 1024;
constexpr std::size_t nesting_max = 16;  // of words in words

bool begins_name(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

std::size_t name_length(std::string_view text) {
    std::size_t length = 0;
    while (length < text.size() && (begins_name(text[length]) ||
                                    (length > 0 && text[length] >= '0' && text[length] <= '9')))
        ++length;
    return length;
}

Error not_a_variable(std::string_view what) {
    return invalid_input(
        fmt::format("{} is not a variable: ${{NAME}} is one, ${{NAME:-word}} "
                    "has a default, and a dollar sign is written $$",
                    in_quotes(what)));
}

// The length of a word up to the brace that closes the variable it stands in.
std::optional<std::size_t> word_length(std::string_view text) {
    std::size_t depth = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text.substr(i, 2) == "$$") {
            ++i;
        } else if (text.substr(i, 2) == "${") {
            ++depth;
            ++i;
        } else if (text[i] == '}' && depth-- == 0) {
            return i;
        }
    }
    return std::nullopt;
}

Result<std::string> expand(std::string_view text, const Lookup& lookup, std::size_t depth);

// A variable and what follows its name up to the closing brace: "", ":-word", "?message".
Result<std::string> value_of(const std::string& name, std::string_view rest, const Lookup& lookup,
                             std::size_t depth) {
    const auto value = lookup(name);
    if (rest.empty()) {
        if (value)
            return *value;
        return invalid_input(fmt::format(
            "the variable {0} is not set: set it, write ${{{0}:-word}} for a default, or $${0} "
            "where a dollar sign is meant",
            name));
    }
    const bool has_colon = rest.front() == ':';
    if (has_colon)
        rest.remove_prefix(1);
    const char kind = rest.empty() ? '\0' : rest.front();
    if (kind != '-' && kind != '?' && kind != '+')
        return not_a_variable(fmt::format("${{{}{}{}}}", name, has_colon ? ":" : "", rest));
    const std::string_view word = rest.substr(1);
    const bool is_given = value && !(has_colon && value->empty());
    if (kind == '+')
        return is_given ? expand(word, lookup, depth + 1) : std::string();
    if (is_given)
        return *value;
    if (kind == '-')
        return expand(word, lookup, depth + 1);
    const auto message = expand(word, lookup, depth + 1);
    if (!message)
        return message.error();
    return invalid_input(fmt::format("the variable {} is {}{}{}", name, value ? "empty" : "not set",
                                     message->empty() ? "" : ": ", shown(*message)));
}

Result<std::string> expand(std::string_view text, const Lookup& lookup, std::size_t depth) {
    if (depth > nesting_max)
        return invalid_input(fmt::format("variables nest more than {} deep", nesting_max));
    std::string out;
    while (!text.empty()) {
        const std::size_t dollar = std::min(text.find('$'), text.size());
        out += text.substr(0, dollar);
        text.remove_prefix(dollar);
        if (text.empty())
            break;
        if (text.substr(0, 2) == "$$") {
            out += '$';
            text.remove_prefix(2);
            continue;
        }
        const bool has_brace = text.substr(0, 2) == "${";
        const std::string_view whole = text;
        text.remove_prefix(has_brace ? 2 : 1);
        const std::size_t length = name_length(text);
        const std::string name(text.substr(0, length));
        text.remove_prefix(length);
        const auto rest = has_brace ? word_length(text) : 0;
        if (length == 0 || !rest)
            return not_a_variable(whole.substr(0, 40));
        const auto value = value_of(name, text.substr(0, *rest), lookup, depth);
        if (!value)
            return value.error();
        out += *value;
        text.remove_prefix(*rest + (has_brace ? 1 : 0));
        if (out.size() > expanded_bytes_max)
            return invalid_input(fmt::format(
                "the value has more than {} bytes with its variables replaced, the limit here",
                expanded_bytes_max));
    }
    return out;
}

}  // namespace

std::optional<std::string> look_in_environment(const std::string& name) {
    const char* value = std::getenv(name.c_str());
    return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

Result<std::string> expand_variables(std::string_view text, const Lookup& lookup) {
    return expand(text, lookup, 0);
}

}  // namespace glovebox::up
