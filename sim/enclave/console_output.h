// SPDX-License-Identifier: Apache-2.0

// Prints an enclave's console and the log of its detached run from their files in the world:
// `glovebox logs`.
#pragma once

#include <optional>
#include <string>

#include "core/address/vsock_address.h"
#include "core/base/error.h"
#include "sim/enclave/record.h"

namespace glovebox::enclave {

// The enclave with this CID, or the one that was started last, in the world with this directory (a
// descriptor).
[[nodiscard]] std::optional<EnclaveRecord> find_enclave(int world, std::optional<core::Cid> cid);

// The descriptors to print to.
struct ConsoleOutput {
    int console = 1;
    int log = 2;

    // Prints the console's present content, then the log's.
    [[nodiscard]] Result<void> print(int world, const EnclaveRecord& record) const;
    // Prints the console as it grows until the enclave ends, then the log. Returns how the enclave
    // ended.
    [[nodiscard]] Result<std::string> follow(int world, const EnclaveRecord& record) const;
};

}  // namespace glovebox::enclave
