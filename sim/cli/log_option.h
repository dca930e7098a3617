// SPDX-License-Identifier: Apache-2.0

// --log-level, --log-file and --log-json, by the names that the commands of this folder use.
#pragma once

#include "sim/cli/commands.h"
#include "sim/command_line/log_option.h"

namespace glovebox::cli {

using command_line::log_options;
using command_line::log_rate_option;
using command_line::make_log;
using command_line::read_log_options;

}  // namespace glovebox::cli
