// SPDX-License-Identifier: Apache-2.0

#include "sim/command_line/values.h"

#include <fmt/format.h>

#include <charconv>

#include "core/base/clock.h"

namespace glovebox::command_line {
namespace {

std::uint64_t number_of(const std::string& text) {
    std::uint64_t number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
}

}  // namespace

Values::Values(Path path) : path_(std::move(path)) {
    for (const Option* option : options_of(path_))
        given_[option->name].option = option;
    for (const Option& option : path_.back()->positionals)
        given_[option.name].option = &option;
}

const Values::Given& Values::at(std::string_view name) const {
    const auto found = given_.find(name);
    if (found == given_.end())
        throw std::logic_error(fmt::format("{} has no {}", name_of(path_), name));
    return found->second;
}

const Values::Given& Values::at(std::string_view name, bool is_flag) const {
    const Given& given = at(name);
    if (given.option->is_flag() != is_flag)
        throw std::logic_error(fmt::format("{}: {} is {} flag", name_of(path_), name,
                                           given.option->is_flag() ? "a" : "no"));
    return given;
}

bool Values::has(std::string_view name) const {
    return !at(name).texts.empty();
}

bool Values::is_argument(std::string_view name) const {
    return at(name).is_argument;
}

const std::vector<std::string>& Values::texts(std::string_view name) const {
    return at(name).texts;
}

bool Values::flag(std::string_view name) const {
    return !at(name, true).texts.empty();
}

std::optional<std::string> Values::find_text(std::string_view name) const {
    const Given& given = at(name, false);
    if (given.option->repeat != Repeat::no || given.option->takes_many)
        throw std::logic_error(fmt::format("{}: {} is a list", name_of(path_), name));
    if (!given.texts.empty())
        return given.texts.front();
    if (!given.option->default_value.empty())
        return std::string(given.option->default_value);
    return std::nullopt;
}

std::string Values::text(std::string_view name) const {
    return find_text(name).value_or("");
}

std::vector<std::string> Values::list(std::string_view name) const {
    return at(name, false).texts;
}

std::chrono::milliseconds Values::duration(std::string_view name) const {
    if (at(name).option->kind != Kind::duration)
        throw std::logic_error(fmt::format("{}: {} is not a duration", name_of(path_), name));
    return parse_duration(text(name)).value();
}

std::optional<std::uint64_t> Values::read_number(std::string_view name) const {
    const auto text = find_text(name);
    if (at(name).option->kind != Kind::number)
        throw std::logic_error(fmt::format("{}: {} is not a number", name_of(path_), name));
    return text ? std::optional(number_of(*text)) : std::nullopt;
}

std::vector<std::uint64_t> Values::read_numbers(std::string_view name) const {
    const Given& given = at(name);
    if (given.option->kind != Kind::number || given.option->repeat == Repeat::no)
        throw std::logic_error(
            fmt::format("{}: {} is not a list of numbers", name_of(path_), name));
    std::vector<std::uint64_t> numbers;
    for (const std::string& text : given.texts)
        numbers.push_back(number_of(text));
    return numbers;
}

void Values::add(std::string_view name, std::string text, bool is_argument) {
    Given& given = given_.at(name);
    given.texts.push_back(std::move(text));
    given.is_argument = is_argument;
}

}  // namespace glovebox::command_line
