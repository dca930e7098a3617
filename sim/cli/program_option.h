// The command after `--`, and how its end becomes the exit status: what `run` and `parent` share.
#pragma once

#include <CLI/App.hpp>
#include <string>
#include <vector>

#include "core/base/log.h"
#include "sim/enclave/session.h"

namespace glovebox::cli {

// As env(1) and shells have it.
inline constexpr int exit_not_executable = 126;
inline constexpr int exit_not_found = 127;

// Adds the program and its arguments as the command's positionals: all that follows `--`.
void take_program(CLI::App& command, std::vector<std::string>& arguments);

// Runs it in the world that --world, or GLOVEBOX_WORLD, names. The program's own exit status, 128
// and the signal that killed it, 126 or 127 when it can't be executed. Throws ErrorException for
// everything else.
[[nodiscard]] int run_program(const enclave::RunOptions& options, const std::string& world,
                              Log& log);

}  // namespace glovebox::cli
