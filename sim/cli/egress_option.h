// SPDX-License-Identifier: Apache-2.0

// The way out for programs that know of no proxy: --egress and what belongs to it, of `forward` and
// of `run`.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/egress/egress.h"
#include "sim/cli/commands.h"

namespace glovebox::cli {

[[nodiscard]] Options egress_options();

// Empty without --egress.
[[nodiscard]] std::optional<core::EgressOptions> read_egress(const Values& values);

// The options again, as another process of this program takes them.
[[nodiscard]] std::vector<std::string> egress_arguments(const core::EgressOptions& egress);

}  // namespace glovebox::cli
