// SPDX-License-Identifier: Apache-2.0

// AWS's vsock-proxy as a program: what it judges before it serves, in its order and in its words
// (vsock-proxy 1.0.2). What carries the bytes then is the proxy of `glovebox proxy`.
#pragma once

#include <iosfwd>
#include <string>

namespace glovebox::vsock_proxy {

// As they stand on the command line: what is not a number is judged where AWS's program does.
struct Arguments {
    bool only_v4 = false;
    bool only_v6 = false;
    std::string workers;
    std::string config;
    std::string local_port;
    std::string remote;
    std::string remote_port;
};

// Serves until a signal; the exit status. The lines of its log (RUST_LOG) and the sentence that
// ends it, `Error: "..."`, go to `to`.
[[nodiscard]] int run_as_aws(const Arguments& arguments, std::ostream& to);

}  // namespace glovebox::vsock_proxy
