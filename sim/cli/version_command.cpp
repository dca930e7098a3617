// SPDX-License-Identifier: Apache-2.0

// glovebox version: what --version prints.

#include <iostream>

#include "sim/cli/commands.h"
#include "sim/cli/programs.h"

namespace glovebox::cli {
namespace {

int print_version(const Values&) {
    std::cout << glovebox_program().version << '\n';
    return exit_done;
}

}  // namespace

Command version_command() {
    return {.name = "version",
            .summary = "Print the version, as --version does",
            .examples = {{"Print the version", "glovebox version"}},
            .run = print_version};
}

}  // namespace glovebox::cli
