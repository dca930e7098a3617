// SPDX-License-Identifier: Apache-2.0

// --color: of every command that prints colours.
#pragma once

#include "core/base/colors.h"
#include "sim/command_line/command.h"
#include "sim/command_line/values.h"

namespace glovebox::command_line {

[[nodiscard]] Option color_option();

// What the option says, of a command that has it, for what it writes to this descriptor.
[[nodiscard]] Colors read_colors(const Values& values, int fd);

}  // namespace glovebox::command_line
