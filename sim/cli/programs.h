// SPDX-License-Identifier: Apache-2.0

// The programs in this one file, by their descriptions.
#pragma once

#include <vector>

#include "sim/command_line/command.h"

namespace glovebox::cli {

[[nodiscard]] command_line::Program glovebox_program();
[[nodiscard]] command_line::Program nitro_cli_program();
[[nodiscard]] command_line::Program vsock_proxy_program();

// `glovebox`, then AWS's programs, which it also has as commands.
[[nodiscard]] std::vector<command_line::Program> all_programs();

}  // namespace glovebox::cli
