// SPDX-License-Identifier: Apache-2.0

// glovebox ps and glovebox worlds: what runs, and where.

#include <fmt/format.h>

#include <cstdlib>
#include <iostream>

#include "sim/cli/commands.h"
#include "sim/cli/json_option.h"
#include "sim/cli/world_option.h"
#include "sim/enclave/listing.h"
#include "sim/enclave/world_directory.h"

namespace glovebox::cli {
namespace {

int ps(const Values& values) {
    const WorldOption world = WorldOption::of(values);
    const bool all = values.flag("--all");
    // A variable that is set and empty is a mistake, which path() says.
    const bool is_one = !world.world.empty() || std::getenv("GLOVEBOX_WORLD") != nullptr;
    std::vector<enclave::ListedEnclave> shown;
    if (is_one)
        for (enclave::EnclaveRecord& record : enclave::enclaves_of(world.world).value())
            shown.push_back({world.path(), std::move(record)});
    else
        for (const std::string& directory : enclave::all_worlds())
            for (enclave::ListedEnclave& one : enclave::enclaves_in(directory))
                shown.push_back(std::move(one));
    if (!all)
        std::erase_if(shown, [](const auto& one) { return one.record.ended.has_value(); });
    std::cout << (values.flag("--json") ? enclave::list_as_json(shown)
                                        : enclave::list_as_table(shown));
    if (shown.empty())
        std::cerr << fmt::format("glovebox: no enclave {} in {}.{}\n", all ? "is known" : "runs",
                                 is_one ? "the world " + world.path() : "any world of this user",
                                 enclave::worlds_elsewhere(world.world));
    return exit_done;
}

int worlds(const Values& values) {
    const auto all = enclave::list_worlds();
    std::cout << (values.flag("--json") ? enclave::list_as_json(all) : enclave::list_as_table(all));
    return exit_done;
}

}  // namespace

Command worlds_command() {
    return {.name = "worlds",
            .summary = "List the worlds of this user",
            .description = {"A world is named, or is a directory that --world, GLOVEBOX_WORLD or "
                            "`glovebox up` has given it. It is in use while a program that has "
                            "opened it runs."},
            .options = {json_option("Print a JSON array with an object for each world: world, "
                                    "directory, running, ended, in_use")},
            .examples = {{"List the worlds, with the number of their enclaves", "glovebox worlds"}},
            .see_also = {"glovebox-clean(1)", "glovebox-ps(1)"},
            .run = worlds};
}

Command ps_command() {
    Option world = WorldOption::option();
    world.summary = "List the enclaves of this world alone: a name, or a directory (with a '/')";
    world.default_note = "all worlds of this user";
    return {
        .name = "ps",
        .summary = "List the enclaves of this user",
        .description = {"An ended enclave is listed until another enclave takes its CID, or until "
                        "`glovebox clean`."},
        .options = {{.name = "--all",
                     .letter = 'a',
                     .kind = Kind::flag,
                     .summary = "Include enclaves that have ended, and how they ended"},
                    json_option("Print a JSON array with an object for each enclave: cid, world, "
                                "state, command, isolation, started_ms and further keys"),
                    world},
        .examples = {{"List what runs, and in which world", "glovebox ps"},
                     {"List what runs in one world", "glovebox ps --world test"},
                     {"List what has ended too, for a program to read",
                      "glovebox ps --all --json"}},
        .see_also = {"glovebox-clean(1)", "glovebox-logs(1)", "glovebox-stop(1)",
                     "glovebox-worlds(1)"},
        .run = ps};
}

}  // namespace glovebox::cli
