// SPDX-License-Identifier: Apache-2.0

// What --help prints.
#pragma once

#include <string>

#include "sim/command_line/command.h"

namespace glovebox::command_line {

[[nodiscard]] std::string help_of(const Program& program, const Path& path);

// What stands behind an option's summary: "default: 5m", "environment: GLOVEBOX_WORLD"; each
// without brackets.
[[nodiscard]] std::vector<std::string> notes_of(const Option& option);

// "-o, --output FILE".
[[nodiscard]] std::string spelled(const Option& option);

// --help, and at the program's root --version: what every command takes besides its own.
[[nodiscard]] std::vector<Option> common_options(const Program& program, const Path& path);

// The text in lines of `width` columns at most, each behind `indent` blanks but the first.
[[nodiscard]] std::string wrapped(std::string_view text, std::size_t width, std::size_t indent);

}  // namespace glovebox::command_line
