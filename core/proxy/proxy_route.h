// SPDX-License-Identifier: Apache-2.0

// One listener of the proxy: a vsock port, and where its connections go.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/address/target.h"
#include "core/address/vsock_address.h"
#include "core/base/error.h"

namespace glovebox::core {

struct ProxyRoute {
    VsockAddress listen;
    std::optional<Target> target;  // none: each connection names its own, with CONNECT

    bool operator==(const ProxyRoute&) const = default;
};

// "8000=example.com:443", or "8001=connect" for a CONNECT proxy. The port is this side's; "any"
// picks a free port. Errors: ProxyError::bad_target, with the correct form; the message recognizes
// an enclave's CID in the place of the host.
[[nodiscard]] Result<ProxyRoute> parse_proxy_route(std::string_view text);

// The same for a proxy on the parent, where an enclave that boots connects to vsock port 9000: a
// proxy there would take its heartbeat for a connection, so that port is ProxyError::bad_target.
[[nodiscard]] Result<ProxyRoute> parse_parent_route(std::string_view text);

// "example.com:443" or "CONNECT".
[[nodiscard]] std::string destination_of(const ProxyRoute& route);

}  // namespace glovebox::core
