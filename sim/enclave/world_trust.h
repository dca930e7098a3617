// SPDX-License-Identifier: Apache-2.0

// A world's TLS authority, for the programs that are to trust it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "sim/sandbox/trust.h"

namespace glovebox::enclave {

struct WorldTrust {
    bool by_environment = false;  // by variables too, for runtimes with a list of their own

    // For a program in a sandbox: the world's authority, or empty if it has none, which is an error
    // with `by_environment`.
    [[nodiscard]] Result<std::optional<sandbox::TrustedAuthority>> of_room(
        const std::string& world) const;
    // For a program with this machine's files: "NAME=value" for each runtime, without variables
    // that are already set here. Empty unless `by_environment`. Writes bundle.pem in the world.
    [[nodiscard]] Result<std::vector<std::string>> variables(const std::string& world) const;
    // The same for a program that was to be in a sandbox, where it would trust the world's
    // authority without them: also without `by_environment`, if the world has one.
    [[nodiscard]] Result<std::vector<std::string>> variables_without_room(
        const std::string& world) const;
};

}  // namespace glovebox::enclave
