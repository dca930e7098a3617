// SPDX-License-Identifier: Apache-2.0

// Exit statuses, the same for every command: 0 done; 1 it could not be done, or was refused; 2 the
// command line is wrong.
#pragma once

namespace glovebox::command_line {

inline constexpr int exit_done = 0;
inline constexpr int exit_failed = 1;
inline constexpr int exit_usage = 2;

}  // namespace glovebox::command_line
