// SPDX-License-Identifier: Apache-2.0

// Parses a command line by a program's description. Only parser.cpp sees the library behind it
// (CLI11).
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

// The result: a command to run with these values, a request for help or the version, or a mistake.
using Parsed = std::variant<Values, HelpWanted, VersionWanted, Mistake>;

// Returns the value of an environment variable, or empty.
using Environment = std::function<std::optional<std::string>(const std::string& name)>;
[[nodiscard]] Environment process_environment();

// Parses `words`, which do not include the program's name. Options follow the command that has
// them, in any place, as `--x=V` or `--x V`; `--` ends them. An option of a command above the one
// that runs is accepted if that one has the option too, and is a mistake otherwise.
[[nodiscard]] Parsed parse(const Program& program, const std::vector<std::string>& words,
                           const Environment& environment = process_environment());

}  // namespace glovebox::command_line
