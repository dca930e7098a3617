// nitro-cli: the program of that name, and `glovebox nitro-cli`.
#pragma once

#include "sim/cli/commands.h"

namespace glovebox::cli {

// Its exit status is nitro-cli's: 0, 2 for a usage error, else the number of the error's code.
[[nodiscard]] Program nitro_cli_program();

}  // namespace glovebox::cli
