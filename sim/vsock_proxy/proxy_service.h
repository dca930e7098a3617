// SPDX-License-Identifier: Apache-2.0

// A proxy in the foreground: what `glovebox proxy` and `vsock-proxy` both are, once they know where
// connections may go.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/allowlist.h"
#include "core/base/log.h"
#include "core/dialer.h"
#include "core/proxy.h"
#include "core/resolver.h"
#include "transports/transport_choice.h"

namespace glovebox::vsock_proxy {

struct ProxyService {
    std::vector<core::ProxyRoute> routes;
    core::Allowlist allowlist;
    core::ProxyOptions proxy;
    core::DialerOptions dialer;
    core::ResolverOptions resolver;
    core::Lookup lookup = core::look_up;
    transports::TransportChoice transport;
    std::vector<std::string> command;  // that is served; empty: none

    // Listens on all routes, calls `ready`, and serves until a signal, or with a command until that
    // has ended. Returns the exit status, which is the command's. Throws ErrorException.
    [[nodiscard]] int serve(Log& log, const std::function<void()>& ready);
};

// GLOVEBOX_RESOLVE: what `--resolve` takes, several with commas between them. `glovebox up` sets it
// for the command, whose proxies are its own. Errors name the variable; two endpoints for one
// target are one.
[[nodiscard]] Result<std::vector<core::ResolvedTarget>> resolved_by_environment();

}  // namespace glovebox::vsock_proxy
