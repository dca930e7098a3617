// SPDX-License-Identifier: Apache-2.0

// --pki: whose mock root it is.
#pragma once

#include <string>

#include "core/base/error.h"
#include "sim/cli/commands.h"

namespace glovebox::cli {

struct PkiOption {
    [[nodiscard]] static Option option();
    [[nodiscard]] static PkiOption of(const Values& values);
    [[nodiscard]] Result<std::string> directory() const;

    std::string path;
};

}  // namespace glovebox::cli
