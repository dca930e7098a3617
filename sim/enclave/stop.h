// SPDX-License-Identifier: Apache-2.0

// Turning an enclave's power off from outside.
#pragma once

#include <vector>

#include "core/base/error.h"
#include "sim/enclave/record.h"

namespace glovebox::enclave {

// Of the enclaves in `records`, the running ones that are meant, and the CIDs that none of these
// has.
struct RunningChoice {
    std::vector<EnclaveRecord> chosen;
    std::vector<core::Cid> absent;
};
[[nodiscard]] RunningChoice choose_running(const std::vector<EnclaveRecord>& records,
                                           const std::vector<core::Cid>& cids);
// All of them.
[[nodiscard]] RunningChoice choose_running(const std::vector<EnclaveRecord>& records);

// Ends the enclave and its `glovebox run`, and waits until they have ended. One that has ended
// meanwhile is not an error.
[[nodiscard]] Result<void> stop_enclave(const EnclaveRecord& record);

}  // namespace glovebox::enclave
