// SPDX-License-Identifier: Apache-2.0

// How much an HTTP service may hold at a time: --max-connections and --idle-timeout.
#pragma once

#include "sim/cli/commands.h"
#include "sim/http/connections.h"

namespace glovebox::cli {

[[nodiscard]] Options http_limits_options();

// What all listeners of the service share. Raises the process's limit on open descriptors as far as
// it may, and holds no more connections than that allows.
[[nodiscard]] http::ConnectionLimits raise_http_limits(const Values& values);

}  // namespace glovebox::cli
