// SPDX-License-Identifier: Apache-2.0

// nitro-cli's commands on enclaves: run-enclave, describe-enclaves, terminate-enclave, console.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "core/base/error.h"
#include "sim/nitro_cli/run_arguments.h"

namespace glovebox::nitro_cli {

// Leaves a process behind that is the enclave's, and prints what it is. Failures of that process
// have been printed and are E39 here.
[[nodiscard]] Result<void> run_enclave(const RunArguments& arguments);

[[nodiscard]] Result<void> describe_enclaves(bool with_metadata);

// Which enclave: exactly one of id and name.
struct EnclaveChoice {
    bool is_by_id = false;  // an id that is given and empty is not an enclave's
    std::string id;
    std::string name;
};
[[nodiscard]] Result<void> terminate_enclave(const EnclaveChoice& choice);
[[nodiscard]] Result<void> terminate_all_enclaves();

[[nodiscard]] Result<void> show_console(const EnclaveChoice& choice,
                                        std::optional<std::chrono::seconds> limit);

}  // namespace glovebox::nitro_cli
