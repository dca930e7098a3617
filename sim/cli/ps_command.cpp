// SPDX-License-Identifier: Apache-2.0

// glovebox ps: the enclaves of a world.

#include <fmt/format.h>

#include <iostream>

#include "sim/cli/commands.h"
#include "sim/cli/world_option.h"
#include "sim/enclave/listing.h"
#include "sim/enclave/world_directory.h"

namespace glovebox::cli {
namespace {

int ps(const Values& values) {
    const WorldOption world = WorldOption::of(values);
    const bool all = values.flag("--all");
    std::vector<enclave::EnclaveRecord> shown = enclave::enclaves_of(world.world).value();
    if (!all)
        std::erase_if(shown, [](const auto& record) { return record.ended.has_value(); });
    std::cout << (values.flag("--json") ? enclave::list_as_json(shown)
                                        : enclave::list_as_table(shown));
    if (shown.empty())
        std::cerr << fmt::format("glovebox: no enclave {} in the world {}.{}\n",
                                 all ? "has run" : "runs", world.path(),
                                 enclave::worlds_elsewhere(world.world));
    return exit_done;
}

}  // namespace

Command ps_command() {
    return {.name = "ps",
            .summary = "List the enclaves of a world",
            .description = {"An ended enclave is known until another enclave has its CID, or until "
                            "`glovebox clean`."},
            .options = {{.name = "--all",
                         .letter = 'a',
                         .kind = Kind::flag,
                         .summary = "Include enclaves that have ended, and how they ended"},
                        {.name = "--json",
                         .kind = Kind::flag,
                         .summary = "Print a JSON array of objects"},
                        WorldOption::option()},
            .examples = {{"List what runs in this world", "glovebox ps"},
                         {"List what has ended too, for a program to read",
                          "glovebox ps --all --json"}},
            .see_also = {"glovebox-clean(1)", "glovebox-logs(1)", "glovebox-stop(1)"},
            .run = ps};
}

}  // namespace glovebox::cli
