// SPDX-License-Identifier: Apache-2.0

// --chaos SEED: faults drawn at random.
#pragma once

#include <cstdint>
#include <optional>

#include "sim/cli/commands.h"

namespace glovebox::cli {

[[nodiscard]] Option chaos_option();

// The seed: the number that was given, or for "random" one that is drawn now. Empty without the
// option.
[[nodiscard]] std::optional<std::uint64_t> chaos_seed(const Values& values);

}  // namespace glovebox::cli
