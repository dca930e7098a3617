// SPDX-License-Identifier: Apache-2.0

// glovebox vm setup: the kernel that guests boot.

#include <fmt/core.h>

#include <iostream>

#include "core/base/printable.h"
#include "sim/cli/vm_options.h"
#include "sim/vm/setup.h"

namespace glovebox::cli {
namespace {

int set_up(const Values& values) {
    const vm::Platform platform = vm::this_platform().value();
    vm::check_programs(platform).value();
    const vm::Kernel kernel =
        vm::set_up_kernel(values.text("--kernel"), platform, values.flag("--refresh")).value();
    std::cout << fmt::format("{} {}\n{}\n", kernel.package, kernel.version,
                             printable(kernel.image.string()));
    return exit_done;
}

}  // namespace

Command vm_setup_command() {
    Option kernel = vm_kernel_option();
    kernel.default_value = vm::default_release;
    return {
        .name = "setup",
        .summary = "Get the kernel that virtual machines boot",
        .description =
            {"Downloads Debian's kernel package, checks it by Debian's key, and unpacks it "
             "into a cache. Nothing is installed. Prints the package, its version and the "
             "kernel's file; a kernel that is in the cache is not downloaded again."},
        .options = {kernel,
                    {.name = "--refresh",
                     .kind = Kind::flag,
                     .summary = "Get the newest kernel even if the cache has one"}},
        .examples = {{"Get the default kernel", "glovebox vm setup"},
                     {"Get the newest Linux 6.12", "glovebox vm setup --kernel 6.12 --refresh"}},
        .exit_codes = {{"0", "the kernel is in the cache"},
                       {"1", "a program is missing, or no kernel could be had"},
                       {"2", "the command line is wrong"}},
        .variables = {{"GLOVEBOX_VM_CACHE",
                       "The cache, instead of glovebox/vm in XDG_CACHE_HOME or ~/.cache"},
                      {"GLOVEBOX_DEBIAN_MIRROR",
                       "The mirror, instead of http://deb.debian.org, that is asked where apt "
                       "itself knows no kernel"}},
        .see_also = {"glovebox-vm(1)"},
        .run = set_up};
}

}  // namespace glovebox::cli
