// SPDX-License-Identifier: Apache-2.0

// A world's TLS authority for the programs that are to trust it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "sim/sandbox/trust.h"

namespace glovebox::enclave {

struct WorldTrust {
    bool by_environment = false;  // also by variables, for runtimes with a list of their own

    // For a program in a room of its own: the authority of the world, where it has one.
    // By environment without one is an error.
    [[nodiscard]] Result<std::optional<sandbox::TrustedAuthority>> of_room(
        const std::string& world) const;
    // For a program that keeps this machine's files: "NAME=value", none unless by environment, and
    // none for what is set here already.
    [[nodiscard]] Result<std::vector<std::string>> variables(const std::string& world) const;
};

}  // namespace glovebox::enclave
