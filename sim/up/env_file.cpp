// SPDX-License-Identifier: Apache-2.0

#include "sim/up/env_file.h"

#include <fmt/core.h>

#include <algorithm>

#include "core/base/printable.h"

namespace glovebox::up {
namespace {

constexpr std::string_view blanks = " \t\r";

std::string_view trimmed(std::string_view text) {
    const std::size_t begin = text.find_first_not_of(blanks);
    if (begin == std::string_view::npos)
        return {};
    return text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

// Whether nothing but a comment follows.
bool is_over(std::string_view text) {
    text = trimmed(text);
    return text.empty() || text.front() == '#';
}

Result<std::string> read_single_quoted(std::string_view text) {
    const std::size_t end = text.find('\'', 1);
    if (end == std::string_view::npos || !is_over(text.substr(end + 1)))
        return invalid_input("a value in '...' ends with the line");
    return std::string(text.substr(1, end - 1));
}

Result<std::string> read_double_quoted(std::string_view text, const Lookup& lookup) {
    std::string value;
    for (std::size_t i = 1; i < text.size(); ++i) {
        if (text[i] == '"') {
            if (!is_over(text.substr(i + 1)))
                break;
            return expand_variables(value, lookup);
        }
        if (text[i] != '\\' || i + 1 == text.size()) {
            value += text[i];
            continue;
        }
        switch (const char next = text[++i]; next) {
            case 'n':
                value += '\n';
                break;
            case 'r':
                value += '\r';
                break;
            case 't':
                value += '\t';
                break;
            case '$':
                value += "$$";  // as expand_variables() wants a dollar sign
                break;
            case '"':
            case '\\':
                value += next;
                break;
            default:
                value += '\\';
                value += next;
        }
    }
    return invalid_input("a value in \"...\" ends with the line");
}

Result<std::string> read_value(std::string_view text, const Lookup& lookup) {
    text = trimmed(text);
    if (text.starts_with('\''))
        return read_single_quoted(text);
    if (text.starts_with('"'))
        return read_double_quoted(text, lookup);
    if (text.starts_with('#'))
        return std::string();
    const std::size_t comment = std::min(text.find(" #"), text.find("\t#"));
    return expand_variables(trimmed(text.substr(0, std::min(comment, text.size()))), lookup);
}

}  // namespace

Result<std::vector<std::pair<std::string, std::string>>> parse_env_file(std::string_view text,
                                                                        const std::string& name,
                                                                        const Lookup& lookup) {
    std::vector<std::pair<std::string, std::string>> variables;
    for (std::size_t number = 1; !text.empty(); ++number) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        std::string_view line = trimmed(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
        if (is_over(line))
            continue;
        if (line.starts_with("export "))
            line = trimmed(line.substr(7));
        const std::size_t equals = line.find('=');
        const std::string variable(trimmed(line.substr(0, equals)));
        if (equals == std::string_view::npos || variable.empty())
            return invalid_input(fmt::format("{}:{}: NAME=VALUE was expected", name, number));
        const auto value = read_value(line.substr(equals + 1), lookup);
        if (!value)
            return Error(value.error()).in(fmt::format("{}:{}: {}", name, number, shown(variable)));
        variables.emplace_back(variable, *value);
    }
    return variables;
}

}  // namespace glovebox::up
