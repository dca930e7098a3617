// SPDX-License-Identifier: Apache-2.0

// glovebox proxy check: may the proxy reach this target, and by which rule?
#pragma once

#include "sim/cli/commands.h"

namespace glovebox::cli {

[[nodiscard]] Command proxy_check_command();

}  // namespace glovebox::cli
