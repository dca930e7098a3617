// SPDX-License-Identifier: Apache-2.0

// Enclaves as `glovebox ps` shows them: a table for a person, an array for a program.
#pragma once

#include <string>
#include <vector>

#include "sim/enclave/record.h"

namespace glovebox::enclave {

[[nodiscard]] std::string list_as_table(const std::vector<EnclaveRecord>& records);
[[nodiscard]] std::string list_as_json(const std::vector<EnclaveRecord>& records);

}  // namespace glovebox::enclave
