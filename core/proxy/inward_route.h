// SPDX-License-Identifier: Apache-2.0

// A way in to a program that listens on TCP, such as one in an enclave that knows nothing of vsock:
// a vsock port whose connections go to a port of the loopback interface.
#pragma once

#include <string_view>

#include "core/base/error.h"
#include "core/proxy/proxy_route.h"

namespace glovebox::core {

// Whether a text means such a route: "vsock:...".
[[nodiscard]] bool is_inward_route(std::string_view text);

// "vsock:5005=127.0.0.1:8080", "vsock:5005=[::1]:8080"; "vsock:5005=8080" means 127.0.0.1. Errors:
// ProxyError::bad_target, with the cure; an address that is not loopback's is one.
[[nodiscard]] Result<ProxyRoute> parse_inward_route(std::string_view text);

}  // namespace glovebox::core
