// SPDX-License-Identifier: Apache-2.0

// What AWS's vsock-proxy does with its allowlist before it serves: the same order, the same
// answers, the same sentences (vsock-proxy 1.0.2).
//
//   allowlist:
//   - {address: kms.us-east-1.amazonaws.com, port: 443}
//
// The remote is resolved first, even for a match by name. An entry matches on an equal port and
// either the exact text of the address, case and all, or one of its addresses being the remote's
// first. Ports are cut to 16 bits; entries that do not resolve are skipped; what stands behind the
// one that matches is not read.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"
#include "core/ip_address.h"
#include "core/target.h"

namespace glovebox::vsock_proxy {

// The addresses of a name or of an address's text; never an empty list.
using Lookup = std::function<Result<std::vector<core::IpAddress>>(const std::string& host)>;

// The sentence that vsock-proxy logs of the entry that matched: `Matched with host name "H" and
// port "P"`. Error::message is one of its own: "Could not open the file", "Bad yaml format", "No
// allowlist field", "No address field", "No port field or invalid type", "The given address and
// port are not allowed", or a lookup's.
[[nodiscard]] Result<std::string> check_allowlist(const std::string& file,
                                                  const std::string& remote, core::TcpPort port,
                                                  const Lookup& look_up);

}  // namespace glovebox::vsock_proxy
