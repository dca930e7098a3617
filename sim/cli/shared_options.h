// SPDX-License-Identifier: Apache-2.0

// Options and arguments that several commands share and that are values alone.
#pragma once

#include "sim/cli/commands.h"

namespace glovebox::cli {

// An enclave's CID, 4 to 4294967294, as an option or a positional argument.
[[nodiscard]] Option enclave_cid(std::string_view name);

// --state DIR, of the KMS and of the metadata service; see sim/kms/state_directory.h.
[[nodiscard]] Option state_option();

// Of a proxy and of a forwarder.
[[nodiscard]] Option idle_timeout_option();
[[nodiscard]] Option half_close_timeout_option();
[[nodiscard]] Option max_connections_option();
[[nodiscard]] Option threads_option();
[[nodiscard]] Option status_option();

// --trace-traffic BYTES, and its value; 0 without it.
[[nodiscard]] Option trace_traffic_option();
[[nodiscard]] std::size_t traced_bytes(const Values& values);

}  // namespace glovebox::cli
