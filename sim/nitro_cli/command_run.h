// SPDX-License-Identifier: Apache-2.0

// One run of a nitro-cli command: its log, and what becomes of its error.
#pragma once

#include <functional>
#include <string>

#include "core/base/error.h"

namespace glovebox::nitro_cli {

// Does the work of the command of this name between the log's opening and the report of its error.
// Commands about enclaves are run by the outer supervisor inside a supervised tree. Returns
// nitro-cli's exit status: 0, or the number of the error's code.
[[nodiscard]] int run_command(const std::string& name, const std::function<Result<void>()>& work);

}  // namespace glovebox::nitro_cli
