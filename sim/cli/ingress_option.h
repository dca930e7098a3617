// SPDX-License-Identifier: Apache-2.0

// What `glovebox forward` does with clients from outside before their bytes go to an enclave:
// --route and what belongs to it.
#pragma once

#include <vector>

#include "core/forward/forward_route.h"
#include "core/ingress/ingress.h"
#include "sim/cli/commands.h"

namespace glovebox::cli {

[[nodiscard]] Options ingress_options();

// Throws UsageError if the options contradict each other, or `listeners` need others.
[[nodiscard]] core::IngressOptions read_ingress(const Values& values,
                                                const std::vector<core::ForwardRoute>& listeners);

}  // namespace glovebox::cli
