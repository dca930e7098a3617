// SPDX-License-Identifier: Apache-2.0

// One run of a program on the parent's side: `glovebox parent`.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "core/address/vsock_address.h"
#include "core/base/log.h"
#include "sim/enclave/program_run.h"
#include "sim/enclave/world_trust.h"
#include "sim/supervisor/metadata_redirect.h"

namespace glovebox::enclave {

struct ParentRun {
    std::string world;
    std::vector<std::string> arguments;
    WorldTrust trust;
    std::optional<supervisor::MetadataRedirect> metadata;
    std::vector<core::VsockAddress> awaited;  // listeners to wait for before it starts
    std::chrono::milliseconds patience{0};    // how long to wait for all of them
    bool trace = false;
    bool trace_connections = false;
    std::size_t trace_traffic = 0;
    bool kernel_vsock = false;  // RunOptions::kernel_vsock

    // As ProgramRun::run. Also throws ErrorException if a listener does not appear in time; the
    // sentence says what is there instead.
    [[nodiscard]] int run(Log& log, const TellFailure& tell) const;
};

// Reads the address of the metadata service that a parent reaches at 169.254.169.254:
// "127.0.0.1:1338", an IPv4 address of loopback and a port.
[[nodiscard]] Result<supervisor::MetadataRedirect> parse_metadata_service(const std::string& text);

}  // namespace glovebox::enclave
