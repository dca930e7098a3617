// SPDX-License-Identifier: Apache-2.0

// --shard and --run-id of `glovebox up`: which part of a test suite the command runs, of which run.
#pragma once

#include <optional>

#include "sim/cli/commands.h"
#include "sim/up/shard.h"

namespace glovebox::cli {

[[nodiscard]] Option shard_option();

// None without the option. Throws ErrorException where the value is "auto" and the environment
// names no shard, or a wrong one.
[[nodiscard]] std::optional<up::Shard> shard_of(const Values& values);

// Which run of the suite it is.
[[nodiscard]] Option run_id_option();

// The value of --run-id; with --shard and without a value, what the environment gives. May be
// empty.
[[nodiscard]] std::string run_id_of(const Values& values);

// For the values of a world file: the environment, with the variables that tell this shard.
[[nodiscard]] up::Lookup variables_in(const std::optional<up::Shard>& shard);

}  // namespace glovebox::cli
