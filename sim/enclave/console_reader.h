// SPDX-License-Identifier: Apache-2.0

// Copies an enclave's console from its file in the world, as it grows: `nitro-cli console`.
#pragma once

#include <chrono>
#include <optional>

#include "core/base/error.h"
#include "sim/enclave/record.h"

namespace glovebox::enclave {

// Copies the console to the descriptor `out` until the enclave ends, or until `limit` is over even
// if more output comes. If the enclave has ended, copies what is kept. Empty limit: none.
[[nodiscard]] Result<void> copy_console(int world, const EnclaveRecord& record, int out,
                                        std::optional<std::chrono::milliseconds> limit);

}  // namespace glovebox::enclave
