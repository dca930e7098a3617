// SPDX-License-Identifier: Apache-2.0

// glovebox stop: an enclave's power goes off.

#include <fmt/format.h>

#include <iostream>

#include "sim/cli/commands.h"
#include "sim/cli/shared_options.h"
#include "sim/cli/world_option.h"
#include "sim/enclave/stop.h"
#include "sim/enclave/world_directory.h"

namespace glovebox::cli {
namespace {

int stop(const Values& values) {
    const WorldOption world = WorldOption::of(values);
    const auto cids = values.numbers<core::Cid>("CID");
    if (values.flag("--all") != cids.empty())
        throw UsageError("give the CIDs of the enclaves to stop, or --all");
    const auto records = enclave::enclaves_of(world.world).value();
    const auto [chosen, absent] =
        cids.empty() ? enclave::choose_running(records) : enclave::choose_running(records, cids);
    int status = absent.empty() ? exit_done : exit_failed;
    for (const core::Cid cid : absent)
        std::cerr << fmt::format(
            "glovebox: no enclave with CID {} runs in the world {}: `glovebox ps{}` lists "
            "those that do.{}\n",
            cid, world.path(), world.repeated(), enclave::worlds_elsewhere(world.world));
    for (const auto& record : chosen)
        if (const auto stopped = enclave::stop_enclave(record); stopped) {
            std::cout << record.cid << '\n';
        } else {
            std::cerr << "glovebox: " << stopped.error().message << '\n';
            status = exit_failed;
        }
    return status;
}

}  // namespace

Command stop_command() {
    Option cid = enclave_cid("CID");
    cid.repeat = Repeat::list;
    cid.summary = "The enclaves to stop";
    cid.completion = Completion::running_enclave;
    return {.name = "stop",
            .summary = "End enclaves at once, as a power-off does",
            .description = {"As on Nitro, no process inside the enclave is notified: all of them "
                            "end at once. To test how a program handles SIGTERM, send the signal "
                            "to `glovebox run`, which passes it on."},
            .options = {{.name = "--all",
                         .letter = 'a',
                         .kind = Kind::flag,
                         .summary = "Stop every enclave of this world"},
                        WorldOption::option()},
            .positionals = {cid},
            .examples = {{"Stop the enclave with CID 16", "glovebox stop 16"},
                         {"Stop every enclave of this world", "glovebox stop --all"}},
            .see_also = {"glovebox-ps(1)", "glovebox-run(1)"},
            .run = stop};
}

}  // namespace glovebox::cli
