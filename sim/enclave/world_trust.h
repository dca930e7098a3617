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

    // For a program in a sandbox: the authority of the world, if it has one. `by_environment`
    // without an authority is an error.
    [[nodiscard]] Result<std::optional<sandbox::TrustedAuthority>> of_room(
        const std::string& world) const;
    // For a program that keeps this machine's files: "NAME=value", none unless by environment, and
    // none for what is set here already.
    [[nodiscard]] Result<std::vector<std::string>> variables(const std::string& world) const;
};

}  // namespace glovebox::enclave
