// SPDX-License-Identifier: Apache-2.0

// The options of a simulated security module.
#pragma once

#include "sim/cli/commands.h"
#include "sim/enclave/module_settings.h"

namespace glovebox::cli {

[[nodiscard]] Options module_options();
[[nodiscard]] enclave::ModuleSettings read_module_settings(const Values& values);

}  // namespace glovebox::cli
