// SPDX-License-Identifier: Apache-2.0

// The check of the allowlist that AWS's vsock-proxy makes before it serves: the same order, the
// same results, the same sentences (vsock-proxy 1.0.2).
//
//   allowlist:
//   - {address: kms.us-east-1.amazonaws.com, port: 443}
//
// The remote is resolved first, even if an entry matches by name. An entry matches if the ports are
// equal, and either the addresses are the same text, case included, or one of the entry's addresses
// is the remote's first address. Ports are cut to 16 bits. Entries that do not resolve are skipped.
// The entries after the first match are not read.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/address/ip_address.h"
#include "core/address/target.h"
#include "core/base/error.h"

namespace glovebox::vsock_proxy {

// The addresses of a name, or of the text of an address; never an empty list.
using Lookup = std::function<Result<std::vector<core::IpAddress>>(const std::string& host)>;

// Returns the sentence that vsock-proxy logs for the matching entry: `Matched with host name "H"
// and port "P"`, or `host IP`. Error::message is one of its sentences ("Could not open the file",
// "Could not read the file", "Bad yaml format", "No allowlist field", "No address field", "No port
// field or invalid type", "The given address and port are not allowed"), an error of `look_up`, or
// Glovebox's own for a file beyond its limits.
[[nodiscard]] Result<std::string> check_allowlist(const std::string& file,
                                                  const std::string& remote, core::TcpPort port,
                                                  const Lookup& look_up);

}  // namespace glovebox::vsock_proxy
