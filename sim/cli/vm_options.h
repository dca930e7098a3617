// SPDX-License-Identifier: Apache-2.0

// The subcommands of `glovebox vm`, and the option that they share.
#pragma once

#include "sim/cli/commands.h"
#include "sim/vm/kernel.h"

namespace glovebox::cli {

// --kernel RELEASE, without a default
[[nodiscard]] Option vm_kernel_option();

[[nodiscard]] Command vm_agent_command();
[[nodiscard]] Command vm_as_command();
[[nodiscard]] Command vm_exec_command();
[[nodiscard]] Command vm_run_command();
[[nodiscard]] Command vm_setup_command();
[[nodiscard]] Command vm_switch_command();

}  // namespace glovebox::cli
