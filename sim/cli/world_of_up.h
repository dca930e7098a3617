// SPDX-License-Identifier: Apache-2.0

// The world of `glovebox up` that a command looks into.
#pragma once

#include <optional>
#include <string>

#include "sim/cli/world_option.h"

namespace glovebox::cli {

// The directory of the world that --world or the environment names, if it has events
// (up::EventFile), though it may have ended; without a name, that of the default world or else of
// the one known world that runs. Nothing if no such world is found. Throws UsageError if several
// run.
[[nodiscard]] std::optional<std::string> world_of_up(const WorldOption& option);

}  // namespace glovebox::cli
