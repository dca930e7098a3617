// SPDX-License-Identifier: Apache-2.0

// A proxy in the foreground: `glovebox proxy` and `vsock-proxy`, once their routes and allowlist
// are known.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/log.h"
#include "core/confinement/confinement.h"
#include "core/dial/dialer.h"
#include "core/dns/dns_resolver.h"
#include "core/proxy/proxy.h"
#include "core/rules/allowlist.h"
#include "core/service/service_manager.h"
#include "core/service/status_server.h"
#include "sim/vsock_proxy/allowlist_reload.h"
#include "transports/transport_choice.h"

namespace glovebox::vsock_proxy {

struct ProxyService {
    std::vector<core::ProxyRoute> routes;
    core::Allowlist allowlist;
    // Read again when one of the files changes and, without a command, on SIGHUP; empty: never.
    std::vector<std::string> allowlist_files;
    AllowlistReload::Read read_allowlist;
    core::ProxyOptions proxy;
    core::DialerOptions dialer;
    core::ResolverOptions resolver;
    core::Lookup lookup = core::lookup_by();
    transports::TransportChoice transport;
    std::size_t threads = 1;
    core::ServiceManager manager;
    // Listeners that are open already, by port, and "status".
    std::shared_ptr<core::InheritedSockets> inherited;
    std::optional<core::StatusAddress> status;  // where it tells of itself; empty: nowhere
    std::string version;                        // of the program, for the status
    std::vector<std::string> command;           // the program to run meanwhile; empty: none
    // What it keeps when it listens, unless it has a command; empty: everything.
    std::optional<core::Needs> needs;

    // Listens on all routes, calls `ready`, and serves until a signal or, with a command, until the
    // command has ended. `ready` returns a few words on what is ready. Returns the command's exit
    // status, or 0 without one. Throws ErrorException if it cannot listen. Call it once: it moves
    // from the members.
    [[nodiscard]] int serve(Log& log, const std::function<std::string()>& ready);
};

// The targets in GLOVEBOX_RESOLVE: values of `--resolve`, separated by commas. `glovebox up` sets
// the variable for its command, so that the proxies of that command reach the world's services. The
// error names the variable; it is also an error if one target has two endpoints.
[[nodiscard]] Result<std::vector<core::ResolvedTarget>> resolved_by_environment();

}  // namespace glovebox::vsock_proxy
