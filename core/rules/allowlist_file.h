// SPDX-License-Identifier: Apache-2.0

// The allowlist as a file, in the form of AWS's /etc/nitro_enclaves/vsock-proxy.yaml:
//
//   allowlist:
//   - {address: kms.us-east-1.amazonaws.com, port: 443}
//   - {address: "*.example.com", port: 8000-8010}
//   - {address: 10.0.0.0/8, port: "*", cid: 16}
//   denylist:
//   - {address: 10.0.0.1, port: "*"}
//
// TargetRule reads `address` and `port`, which are required; `cid` makes a rule one enclave's.
// Other keys are an error. One of the two lists may be left out.
#pragma once

#include <string>
#include <string_view>

#include "core/base/error.h"
#include "core/rules/allowlist.h"

namespace glovebox::core {

// Each error says file, line, column, what was expected and how to fix it.
[[nodiscard]] Result<Allowlist> parse_allowlist(std::string_view text, std::string_view file_name);

// Reads and parses the file. Errors: errno's, or ProxyError::bad_target.
[[nodiscard]] Result<Allowlist> read_allowlist(const std::string& path);

}  // namespace glovebox::core
