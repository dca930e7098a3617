// SPDX-License-Identifier: Apache-2.0

// The targets that servers of a proxy's world serve: a KMS with HTTPS, whose name then leads to it
// without --resolve.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/dial/dialer.h"
#include "sim/tls/served_names.h"
#include "transports/transport_choice.h"

namespace glovebox::cli {

// For core::DialerOptions::served. Empty where the choice means the kernel's AF_VSOCK: there, names
// lead to AWS.
[[nodiscard]] std::function<std::vector<core::ResolvedTarget>()> served_targets(
    const transports::TransportChoice& choice);

// Tells the proxies of the world that `hosts` are served at `address` ("127.0.0.1:4600"), as long
// as the object lives.
[[nodiscard]] Result<tls::ServedNames> announce_served(const std::string& world,
                                                       const std::vector<std::string>& hosts,
                                                       const std::string& address);

}  // namespace glovebox::cli
