// SPDX-License-Identifier: Apache-2.0

// AWS's vsock-proxy as a program: the checks that it makes before it serves, in its order and its
// words (vsock-proxy 1.0.2). The proxy of `glovebox proxy` then carries the bytes.
#pragma once

#include <functional>
#include <iosfwd>
#include <string>
#include <vector>

#include "core/dial/dialer.h"

namespace glovebox::vsock_proxy {

// The texts of the command line. A text that is not a number is refused when AWS's program would
// refuse it.
struct Arguments {
    bool only_v4 = false;
    bool only_v6 = false;
    std::string workers;
    std::string config;
    std::string local_port;
    std::string remote;
    std::string remote_port;
    // Targets that servers of the world serve at this time (core::DialerOptions::served).
    std::function<std::vector<core::ResolvedTarget>()> served{};
};

// Serves until a signal, and returns the exit status: 0, or 1 after an error. Log lines (by
// RUST_LOG) and the final sentence, `Error: "..."`, go to `to`. Throws ErrorException if
// GLOVEBOX_RESOLVE is malformed.
[[nodiscard]] int run_as_aws(const Arguments& arguments, std::ostream& to);

}  // namespace glovebox::vsock_proxy
