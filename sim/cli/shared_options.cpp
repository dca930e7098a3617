// SPDX-License-Identifier: Apache-2.0

#include "sim/cli/shared_options.h"

#include <limits>

#include "core/address/vsock_address.h"
#include "core/service/status_server.h"
#include "sim/up/traced_traffic.h"

namespace glovebox::cli {

Option enclave_cid(std::string_view name) {
    return {.name = name,
            .kind = Kind::number,
            .placeholder = "CID",
            .noun = "an enclave's CID",
            .least = core::cid_first_enclave,
            .most = core::cid_any - 1};
}

Option state_option() {
    return {.name = "--state",
            .kind = Kind::directory,
            .placeholder = "DIR",
            .summary =
                "Directory of the keys, the traces and the secret that the metadata "
                "service shares with the KMS",
            .default_note = "$XDG_DATA_HOME/glovebox/kms or ~/.local/share/glovebox/kms"};
}

Option idle_timeout_option() {
    return {.name = "--idle-timeout",
            .kind = Kind::duration,
            .placeholder = "TIME",
            .summary = "Close a connection that has carried no byte for this time; 0s for never",
            .default_value = "1h"};
}

Option half_close_timeout_option() {
    return {.name = "--half-close-timeout",
            .kind = Kind::duration,
            .placeholder = "TIME",
            .summary =
                "Close a connection of which one side has sent end of file and that has carried no "
                "byte for this time; 0s for never",
            .default_value = "5m"};
}

Option trace_traffic_option() {
    return {.name = "--trace-traffic",
            .kind = Kind::number,
            .placeholder = "BYTES",
            .noun = "a number of bytes",
            .least = 1,
            .most = up::traced_bytes_max,
            .summary =
                "Log the first BYTES of each direction of every connection, with whatever "
                "secrets they have"};
}

std::size_t traced_bytes(const Values& values) {
    return values.find_number<std::size_t>("--trace-traffic").value_or(0);
}

Option max_connections_option() {
    return {.name = "--max-connections",
            .kind = Kind::number,
            .placeholder = "N",
            .noun = "a number of connections",
            .least = 1,
            .most = std::numeric_limits<std::size_t>::max(),
            .summary =
                "How many connections may be open at once, shared among CIDs and listeners; "
                "further ones wait. A lower limit on open descriptors (ulimit -n) lowers this too",
            .default_value = "10000"};
}

Option threads_option() {
    return {.name = "--threads",
            .kind = Kind::number,
            .placeholder = "N",
            .noun = "a number of threads",
            .least = 1,
            .most = 64,
            .summary =
                "Serve connections on N threads. Limits and shares hold for all of them together",
            .default_value = "1"};
}

Option status_option() {
    return {.name = "--status",
            .placeholder = "ADDRESS",
            .check = problem_by<core::parse_status_address>,
            .summary =
                "Serve /metrics (for Prometheus), /healthz and /connections by HTTP at this "
                "address: 127.0.0.1:9100, or the path of a Unix socket with a '/' in it"};
}

}  // namespace glovebox::cli
