// SPDX-License-Identifier: Apache-2.0

// One run of a nitro-cli command: its log and the report of its error.
#pragma once

#include <functional>
#include <string>

#include "core/base/error.h"

namespace glovebox::nitro_cli {

// Opens the log, calls `work` and reports its error on standard error and in the log. Inside a
// supervised tree, the outer supervisor runs commands about enclaves. Returns nitro-cli's exit
// status: 0, the number of the error's code, or 1 for another error.
[[nodiscard]] int run_command(const std::string& name, const std::function<Result<void>()>& work);

}  // namespace glovebox::nitro_cli
