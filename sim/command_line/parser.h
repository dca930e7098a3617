// SPDX-License-Identifier: Apache-2.0

// A command line, read by a program's description. The library behind it (CLI11) is seen by
// parser.cpp alone.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "sim/command_line/command.h"
#include "sim/command_line/mistake.h"
#include "sim/command_line/values.h"

namespace glovebox::command_line {

struct HelpWanted {
    Path path;
};
struct VersionWanted {};

// What a command line asks for: to run a command with these values, or one of the others.
using Parsed = std::variant<Values, HelpWanted, VersionWanted, Mistake>;

// An environment variable's value, or nothing.
using Environment = std::function<std::optional<std::string>(const std::string& name)>;
[[nodiscard]] Environment process_environment();

// `words` come without the program's name. Commands are found by their names; options stand
// anywhere behind the command that has them, `--x=V` or `--x V`, and end at `--`. What was given to
// a command above the one that runs holds if that one has the option, else it is a mistake.
[[nodiscard]] Parsed parse(const Program& program, const std::vector<std::string>& words,
                           const Environment& environment = process_environment());

}  // namespace glovebox::command_line
