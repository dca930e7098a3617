// SPDX-License-Identifier: Apache-2.0

// glovebox clean: removes what enclaves have left behind.

#include <fmt/format.h>

#include <iostream>
#include <string>
#include <vector>

#include "sim/cli/commands.h"
#include "sim/cli/world_option.h"
#include "sim/enclave/clean.h"
#include "sim/enclave/world_directory.h"

namespace glovebox::cli {
namespace {

std::vector<std::string> worlds_of(const Values& values) {
    if (values.flag("--all"))
        return enclave::named_worlds();
    const WorldOption world = WorldOption::of(values);
    return enclave::open_world(world.world).value() ? std::vector<std::string>{world.path()}
                                                    : std::vector<std::string>();
}

int clean(const Values& values) {
    const std::vector<std::string> worlds = worlds_of(values);
    if (worlds.empty() && values.is_argument("--world"))
        std::cerr << fmt::format("glovebox: the world {} does not exist: nothing to remove\n",
                                 WorldOption::of(values).path());
    for (const std::string& path : worlds) {
        const enclave::CleanedWorld cleaned = enclave::clean_world(path).value();
        std::cout << fmt::format("{}: {} removed\n", path, cleaned.removed);
        for (const core::Cid cid : cleaned.running)
            std::cout << fmt::format("{}: the enclave with CID {} runs: glovebox stop {}\n", path,
                                     cid, cid);
    }
    const enclave::CleanedScratch cleaned = enclave::clean_scratch();
    for (const std::string& path : cleaned.removed)
        std::cout << path << ": removed\n";
    for (const std::string& path : cleaned.used)
        std::cout << fmt::format(
            "{}: its `glovebox up` was killed, but a program still runs in this world: clean again "
            "when it has ended\n",
            path);
    return exit_done;
}

}  // namespace

Command clean_command() {
    return {.name = "clean",
            .summary = "Remove what ended enclaves have left",
            .description =
                {"An enclave leaves its console and a record of how it ended. A "
                 "`glovebox run` that was killed also leaves the names of sockets and "
                 "maybe a cgroup; the kernel has ended its processes and undone its "
                 "mounts. Running enclaves are not touched.",
                 "Commands that were killed leave files outside their worlds: the world of a "
                 "`glovebox up`, folders of `nitro-cli build-enclave`, unfinished output. Every "
                 "`glovebox clean` removes those too, once no process of the command runs."},
            .options = {{.name = "--all",
                         .letter = 'a',
                         .kind = Kind::flag,
                         .summary = "Clean all worlds of this user"},
                        WorldOption::option()},
            .examples = {{"Clean this world", "glovebox clean"},
                         {"Clean all of this user's worlds", "glovebox clean --all"}},
            .see_also = {"glovebox-logs(1)", "glovebox-ps(1)", "glovebox-stop(1)"},
            .run = clean};
}

}  // namespace glovebox::cli
