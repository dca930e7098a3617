// SPDX-License-Identifier: Apache-2.0

// An enclave that ends before its program starts: init found no /env, or could not execute the
// program. As on Nitro, it has booted nevertheless: its heartbeat was sent, and the console shows
// how it ended.
#pragma once

#include <string>

#include "core/base/clock.h"
#include "core/base/error.h"
#include "sim/enclave/session.h"
#include "transports/world.h"

namespace glovebox::enclave {

struct FailedBoot {
    std::string console_text;  // ends with a newline
    std::string reason;        // for the record, after "the program": "did not start, ..."
    int exit_status = 1;
    bool has_sent_heartbeat = false;
};

// Claims a CID, sends the heartbeat unless it was sent, leaves the record and the console of such
// an enclave in the world, and calls started and ended of `options`. Returns boot.exit_status.
[[nodiscard]] Result<int> leave_failed_boot(transports::World& world, const Clock& clock,
                                            const RunOptions& options, const FailedBoot& boot);

}  // namespace glovebox::enclave
