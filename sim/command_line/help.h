// SPDX-License-Identifier: Apache-2.0

// The text of --help.
#pragma once

#include <string>

#include "sim/command_line/command.h"

namespace glovebox::command_line {

[[nodiscard]] std::string help_of(const Program& program, const Path& path);

// The notes after an option's summary, without brackets: "default: 5m", "environment:
// GLOVEBOX_WORLD".
[[nodiscard]] std::vector<std::string> notes_of(const Option& option);

// An option as the list of options shows it: "-o, --output FILE".
[[nodiscard]] std::string spelled(const Option& option);

// The options that every command has besides its own: --help, and --version at the program's root.
[[nodiscard]] std::vector<Option> common_options(const Program& program, const Path& path);

// The text in lines of at most `width` columns; all lines but the first are indented by `indent`.
[[nodiscard]] std::string wrapped(std::string_view text, std::size_t width, std::size_t indent);

}  // namespace glovebox::command_line
