// SPDX-License-Identifier: Apache-2.0

#include "sim/cli/http_limits.h"

#include <algorithm>
#include <limits>

#include "core/process_setup.h"

namespace glovebox::cli {

Options http_limits_options() {
    return {
        {.name = "--idle-timeout",
         .kind = Kind::duration,
         .placeholder = "TIME",
         .summary = "Close a connection whose next request is not complete after this time; "
                    "0s for never",
         .default_value = "1m"},
        {.name = "--max-connections",
         .kind = Kind::number,
         .placeholder = "N",
         .noun = "a number of connections",
         .least = 1,
         .most = std::numeric_limits<std::size_t>::max(),
         .summary =
             "How many connections may be open at once; a further one closes the connection that "
             "has waited longest. A lower limit on open descriptors (ulimit -n) lowers this too",
         .default_value = "4000"}};
}

http::ConnectionLimits raise_http_limits(const Values& values) {
    http::ConnectionLimits limits;
    limits.connections = std::min(values.number<std::size_t>("--max-connections"),
                                  http::connections_within(core::raise_descriptor_limit()));
    return limits;
}

}  // namespace glovebox::cli
