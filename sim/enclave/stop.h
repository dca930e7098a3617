// SPDX-License-Identifier: Apache-2.0

// Powers an enclave off from outside.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <vector>

#include "core/base/error.h"
#include "sim/enclave/record.h"

namespace glovebox::enclave {

// The running enclaves in `records` that were chosen, and the chosen CIDs that none of them has.
struct RunningChoice {
    std::vector<EnclaveRecord> chosen;
    std::vector<core::Cid> absent;
};
[[nodiscard]] RunningChoice choose_running(const std::vector<EnclaveRecord>& records,
                                           const std::vector<core::Cid>& cids);
// Chooses all running enclaves.
[[nodiscard]] RunningChoice choose_running(const std::vector<EnclaveRecord>& records);

// Begins to end the enclave and its `glovebox run`. One that has ended already is no error.
[[nodiscard]] Result<void> power_off(const EnclaveRecord& record);

// Waits until the process with this start time (record.h) has ended, for 10 s at the most.
void await_end(pid_t process, std::uint64_t start);

// Ends the enclave and its `glovebox run`, and waits until both have ended. A `glovebox run` that
// does not end within 10 s is killed. An enclave that has ended already is no error.
[[nodiscard]] Result<void> stop_enclave(const EnclaveRecord& record);

}  // namespace glovebox::enclave
