// SPDX-License-Identifier: Apache-2.0

#include "sim/up/key.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "core/base/clock.h"
#include "sim/up/shell_words.h"

namespace glovebox::up {
namespace {

std::string problem_of_duration(const std::string& text) {
    const auto duration = parse_duration(text);
    if (!duration)
        return duration.error().message;
    return *duration < duration->zero() ? fmt::format("\"{}\" is less than no time", text) : "";
}

std::string problem_of_choice(const std::string& text,
                              const std::vector<std::string_view>& choices) {
    if (std::find(choices.begin(), choices.end(), text) != choices.end())
        return {};
    std::string expected;
    for (const std::string_view choice : choices)
        expected += fmt::format("{}{}",
                                choice == choices.front()  ? ""
                                : choice == choices.back() ? " or "
                                                           : ", ",
                                choice);
    return expected + " was expected";
}

std::string problem_of(const std::string& text, const KeyFacts& key) {
    if (key.form == Form::duration)
        return problem_of_duration(text);
    if (key.form == Form::choice)
        return problem_of_choice(text, key.choices);
    return key.problem == nullptr ? std::string() : key.problem(text);
}

bool is_path(Form form) {
    return form == Form::file || form == Form::new_file || form == Form::files;
}

}  // namespace

std::string KeyReader::judged(std::string text, const KeyFacts& key) {
    if (is_path(key.form)) {
        text = (std::filesystem::path(folder_) / text).string();
        std::error_code ignored;
        if (key.form != Form::new_file && !std::filesystem::exists(text, ignored)) {
            map_.mistake(key.name, fmt::format("there is no file {}", text));
            return text;
        }
    }
    if (const std::string problem = problem_of(text, key); !problem.empty())
        map_.mistake(key.name, problem);
    return text;
}

void KeyReader::read_into(std::string& value, const KeyFacts& key) {
    if (auto text = map_.text(key.name))
        value = judged(std::move(*text), key);
}

void KeyReader::read_into(std::vector<std::string>& value, const KeyFacts& key) {
    const bool is_one_text = map_.has(key.name) && !map_.is_list(key.name);
    value = map_.texts(key.name);
    if (key.form == Form::words && is_one_text && !value.empty()) {
        auto words = split_shell_words(value.front());
        if (words)
            value = std::move(*words);
        else
            map_.mistake(key.name, words.error().message);
    }
    for (std::string& text : value)
        text = judged(std::move(text), key);
}

void KeyReader::read_into(bool& value, const KeyFacts& key) {
    value = map_.flag(key.name).value_or(value);
}

void KeyReader::read_into(std::uint32_t& value, const KeyFacts& key) {
    if (const auto number = map_.integer(key.name, key.least, key.most))
        value = static_cast<std::uint32_t>(*number);
}

void KeyReader::read_into(std::optional<std::uint32_t>& value, const KeyFacts& key) {
    if (const auto number = map_.integer(key.name, key.least, key.most))
        value = static_cast<std::uint32_t>(*number);
}

void KeyReader::read_into(Environment& value, const KeyFacts& key) {
    value = map_.named_texts(key.name);
    for (const auto& [name, text] : value)
        if (name.empty() || name.find('=') != std::string::npos)
            map_.mistake(key.name,
                         fmt::format("\"{}\" is not a variable's name: it is not empty and "
                                     "has no = in it",
                                     name));
}

}  // namespace glovebox::up
