// SPDX-License-Identifier: Apache-2.0

// A program's main, once it is described.
#pragma once

#include <string>
#include <vector>

#include "sim/command_line/command.h"

namespace glovebox::command_line {

// Reads the words, which come without the program's name, and runs the command that they ask for.
// Help and the version go to standard output, mistakes to standard error. Returns the exit status;
// what the command throws passes, but UsageError.
[[nodiscard]] int run_program(const Program& program, const std::vector<std::string>& words);

}  // namespace glovebox::command_line
