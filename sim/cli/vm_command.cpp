// SPDX-License-Identifier: Apache-2.0

// glovebox vm: virtual machines with a stock kernel, under QEMU.

#include "sim/cli/commands.h"
#include "sim/cli/vm_options.h"

namespace glovebox::cli {

Option vm_kernel_option() {
    return {.name = "--kernel",
            .kind = Kind::choice,
            .placeholder = "RELEASE",
            .noun = "a release of the kernel",
            .choices = vm::kernel_releases(),
            .summary =
                "Debian's kernel of this release: 6.1 and 6.12 are made for clouds and boot "
                "fast, 6.1-full has all modules"};
}

Command vm_command() {
    return {.name = "vm",
            .summary = "Run programs in virtual machines with a stock Linux kernel",
            .description = {"The virtual machines run under QEMU, with KVM where the machine has "
                            "it and emulated elsewhere. They need no root and no image file."},
            .examples = {{"Get a kernel, once", "glovebox vm setup"},
                         {"Ask the kernel for its version", "glovebox vm run -- uname -r"}},
            .see_also = {"glovebox-up(1)"},
            .subcommands = {vm_agent_command(), vm_as_command(), vm_exec_command(),
                            vm_run_command(), vm_setup_command(), vm_switch_command()}};
}

}  // namespace glovebox::cli
