// SPDX-License-Identifier: Apache-2.0

// A forwarder in the foreground: `glovebox forward`, once its routes are known.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "core/base/log.h"
#include "core/confinement/confinement.h"
#include "core/egress/egress.h"
#include "core/forward/forward.h"
#include "core/proxy/proxy_route.h"
#include "core/service/status_server.h"
#include "transports/transport_choice.h"

namespace glovebox::vsock_proxy {

struct ForwardService {
    std::vector<core::ForwardRoute> routes;
    std::vector<core::ProxyRoute> ways_in;  // core/proxy/inward_route.h
    std::optional<core::EgressOptions> egress;
    core::ForwardOptions options;
    transports::TransportChoice transport;
    std::size_t threads = 1;
    std::optional<core::StatusAddress> status;  // where it tells of itself; empty: nowhere
    std::string version;                        // of the program, for the status
    std::vector<std::string> command;           // the program to run meanwhile; empty: none
    // What it keeps when it listens, unless it has a command; empty: everything.
    std::optional<core::Needs> needs;

    // Listens on all routes, and serves until a signal or, with a command, until the command has
    // ended. Returns the command's exit status, or 0 without one. Throws ErrorException if it
    // cannot listen.
    [[nodiscard]] int serve(Log& log) const;
};

}  // namespace glovebox::vsock_proxy
