// SPDX-License-Identifier: Apache-2.0

// glovebox proxy top: who uses a proxy now.
#pragma once

#include "sim/cli/commands.h"

namespace glovebox::cli {

[[nodiscard]] Command proxy_top_command();

}  // namespace glovebox::cli
