// SPDX-License-Identifier: Apache-2.0

// A forwarder in the foreground: what `glovebox forward` is, once it knows its routes.
#pragma once

#include <vector>

#include "core/base/log.h"
#include "core/forward.h"
#include "transports/transport_choice.h"

namespace glovebox::vsock_proxy {

struct ForwardService {
    std::vector<core::ForwardRoute> routes;
    core::ForwardOptions options;
    transports::TransportChoice transport;

    // Listens on all routes and serves until a signal. Throws ErrorException.
    void serve(Log& log) const;
};

}  // namespace glovebox::vsock_proxy
