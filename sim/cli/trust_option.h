// SPDX-License-Identifier: Apache-2.0

// --trust-env, and the world's TLS authority for those who are to trust it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "sim/cli/commands.h"
#include "sim/sandbox/trust.h"

namespace glovebox::cli {

struct TrustOption {
    bool by_environment = false;

    [[nodiscard]] static Option option();
    [[nodiscard]] static TrustOption of(const Values& values);

    // For a program in a room of its own: the authority of the world, where it has one.
    // `--trust-env` without one is an error.
    [[nodiscard]] Result<std::optional<sandbox::TrustedAuthority>> of_room(
        const std::string& world) const;
    // For a program that keeps this machine's files: "NAME=value", none without --trust-env, and
    // none for what is set here already.
    [[nodiscard]] Result<std::vector<std::string>> variables(const std::string& world) const;
};

}  // namespace glovebox::cli
