// SPDX-License-Identifier: Apache-2.0

// An enclave's console, and the log of its detached run, printed from their files in the world: for
// `glovebox logs`.
#pragma once

#include <optional>
#include <string>

#include "core/base/error.h"
#include "core/vsock_address.h"
#include "sim/enclave/record.h"

namespace glovebox::enclave {

// The enclave with this CID, or the one that was started last, of those in the world whose
// directory this descriptor is.
[[nodiscard]] std::optional<EnclaveRecord> find_enclave(int world, std::optional<core::Cid> cid);

// Where the two are printed to.
struct ConsoleOutput {
    int console = 1;
    int log = 2;

    // All that there is.
    [[nodiscard]] Result<void> print(int world, const EnclaveRecord& record) const;
    // The same, and further output until the enclave ends. Returns how it ended.
    [[nodiscard]] Result<std::string> follow(int world, const EnclaveRecord& record) const;
};

}  // namespace glovebox::enclave
