// SPDX-License-Identifier: Apache-2.0

// The main function of a described program.
#pragma once

#include <string>
#include <vector>

#include "sim/command_line/command.h"

namespace glovebox::command_line {

// Parses the words, which do not include the program's name, and runs the command. Help and the
// version go to standard output, mistakes and what the command throws to standard error
// (failure.h). Returns the exit status. What is no std::exception passes through.
[[nodiscard]] int run_program(const Program& program, const std::vector<std::string>& words);

}  // namespace glovebox::command_line
