// SPDX-License-Identifier: Apache-2.0

#include "sim/cli/http_limits.h"

#include <algorithm>

#include "core/service/process_setup.h"
#include "sim/cli/shared_options.h"

namespace glovebox::cli {

Options http_limits_options() {
    Option connections = max_connections_option();
    connections.summary =
        "How many connections may be open at once; a further one closes the connection that has "
        "waited longest. A lower limit on open descriptors (ulimit -n) lowers this too";
    connections.default_value = "4000";
    return {{.name = "--idle-timeout",
             .kind = Kind::duration,
             .placeholder = "TIME",
             .summary = "Close a connection whose next request is not complete after this time; "
                        "0s for never",
             .default_value = "1m"},
            connections};
}

http::ConnectionLimits raise_http_limits(const Values& values) {
    http::ConnectionLimits limits;
    limits.connections = std::min(values.number<std::size_t>("--max-connections"),
                                  http::connections_within(core::raise_descriptor_limit().now));
    return limits;
}

}  // namespace glovebox::cli
