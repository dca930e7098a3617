// vsock-proxy: the program of that name, and `glovebox vsock-proxy`.
#pragma once

#include "sim/cli/commands.h"

namespace glovebox::cli {

// Its exit status is vsock-proxy's: 0, 2 for a usage error, else 1.
[[nodiscard]] Program vsock_proxy_program();

}  // namespace glovebox::cli
