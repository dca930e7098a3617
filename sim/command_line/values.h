// SPDX-License-Identifier: Apache-2.0

// The values of a command line, by the names of the options. Every text was checked before a
// command sees it, so reading a value does not fail.
//
// A name or a type that the command does not have is a bug of the program: std::logic_error.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "sim/command_line/command.h"

namespace glovebox::command_line {

// Thrown by a command for a mistake that only it can detect. The exit status is that of every usage
// error.
class UsageError : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

class Values {
  public:
    explicit Values(Path path);

    [[nodiscard]] const Path& path() const { return path_; }

    // has(): whether the option was given, as an argument or by its variable. is_argument(): as an
    // argument.
    [[nodiscard]] bool has(std::string_view name) const;
    [[nodiscard]] bool is_argument(std::string_view name) const;

    [[nodiscard]] bool flag(std::string_view name) const;
    // The value, or the default; empty if there is neither.
    [[nodiscard]] std::string text(std::string_view name) const;
    [[nodiscard]] std::optional<std::string> find_text(std::string_view name) const;
    [[nodiscard]] std::vector<std::string> list(std::string_view name) const;
    // duration() and number() require an option that was given or has a default.
    [[nodiscard]] std::chrono::milliseconds duration(std::string_view name) const;
    template <class Number = std::uint64_t>
    [[nodiscard]] Number number(std::string_view name) const {
        return static_cast<Number>(read_number(name).value());
    }
    template <class Number = std::uint64_t>
    [[nodiscard]] std::optional<Number> find_number(std::string_view name) const {
        const auto read = read_number(name);
        return read ? std::optional(static_cast<Number>(*read)) : std::nullopt;
    }

    template <class Number = std::uint64_t>
    [[nodiscard]] std::vector<Number> numbers(std::string_view name) const {
        std::vector<Number> numbers;
        for (const std::uint64_t number : read_numbers(name))
            numbers.push_back(static_cast<Number>(number));
        return numbers;
    }

    // For the parser: the texts that were given, unchanged; and one more.
    [[nodiscard]] const std::vector<std::string>& texts(std::string_view name) const;
    void add(std::string_view name, std::string text, bool is_argument);

  private:
    struct Given {
        const Option* option = nullptr;
        std::vector<std::string> texts{};
        bool is_argument = false;
    };

    [[nodiscard]] const Given& at(std::string_view name) const;
    [[nodiscard]] const Given& at(std::string_view name, bool is_flag) const;
    [[nodiscard]] std::optional<std::uint64_t> read_number(std::string_view name) const;
    [[nodiscard]] std::vector<std::uint64_t> read_numbers(std::string_view name) const;

    Path path_;
    std::map<std::string_view, Given> given_;
};

}  // namespace glovebox::command_line
