// SPDX-License-Identifier: Apache-2.0

// nitro-cli's commands on enclaves: run-enclave, describe-enclaves, terminate-enclave, console.
// They print to standard output and standard error in AWS's words, and use the world in
// GLOVEBOX_WORLD.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "core/base/error.h"
#include "sim/nitro_cli/run_arguments.h"

namespace glovebox::nitro_cli {

// Starts the enclave in a process of its own, which stays, and prints its JSON. The errors of that
// process are printed by it; here they are E39.
[[nodiscard]] Result<void> run_enclave(const RunArguments& arguments);

// Prints a JSON array of the running enclaves.
[[nodiscard]] Result<void> describe_enclaves(bool with_metadata);

// The enclave that a command is about, by ID or by name.
struct EnclaveChoice {
    bool is_by_id = false;  // needed because an ID may be given and empty
    std::string id;
    std::string name;
};
// E11 for an unknown ID, E58 for a name that not exactly one enclave has, E39 if it cannot be
// ended.
[[nodiscard]] Result<void> terminate_enclave(const EnclaveChoice& choice);
// Ends all that it can; the error is the last one.
[[nodiscard]] Result<void> terminate_all_enclaves();

// Prints the console until the enclave ends or `limit` is over. Also of an enclave that has ended.
// E44 if the enclave does not run in debug mode.
[[nodiscard]] Result<void> show_console(const EnclaveChoice& choice,
                                        std::optional<std::chrono::seconds> limit);

}  // namespace glovebox::nitro_cli
