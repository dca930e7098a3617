// SPDX-License-Identifier: Apache-2.0

// Turning an enclave's power off from outside.
#pragma once

#include "core/base/error.h"
#include "sim/enclave/record.h"

namespace glovebox::enclave {

// Ends the enclave and its `glovebox run`, and waits until they have ended. One that has ended
// meanwhile is no error.
[[nodiscard]] Result<void> stop_enclave(const EnclaveRecord& record);

}  // namespace glovebox::enclave
