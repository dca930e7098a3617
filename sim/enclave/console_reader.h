// SPDX-License-Identifier: Apache-2.0

// An enclave's console, read from its file in the world: its present content, and what follows
// until the end.
#pragma once

#include <chrono>
#include <optional>

#include "core/base/error.h"
#include "sim/enclave/record.h"

namespace glovebox::enclave {

// Copies the console to the descriptor `out` and goes on until the enclave's end, or until `limit`
// is over, whatever comes meanwhile. Of an enclave that has ended it copies what is kept.
[[nodiscard]] Result<void> copy_console(int world, const EnclaveRecord& record, int out,
                                        std::optional<std::chrono::milliseconds> limit);

}  // namespace glovebox::enclave
