// SPDX-License-Identifier: Apache-2.0

// The exit statuses of all commands: 0 for success; 1 if the command failed or was refused; 2 for a
// wrong command line.
#pragma once

namespace glovebox::command_line {

inline constexpr int exit_done = 0;
inline constexpr int exit_failed = 1;
inline constexpr int exit_usage = 2;

}  // namespace glovebox::command_line
