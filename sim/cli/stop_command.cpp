// SPDX-License-Identifier: Apache-2.0

// glovebox stop: an enclave's power goes off.

#include <fmt/format.h>

#include <algorithm>
#include <iostream>

#include "sim/cli/commands.h"
#include "sim/cli/shared_options.h"
#include "sim/cli/world_option.h"
#include "sim/enclave/stop.h"

namespace glovebox::cli {
namespace {

struct StopCommand {
    WorldOption world;
    std::vector<core::Cid> cids;
    bool all = false;

    [[nodiscard]] int run() const {
        if (all != cids.empty())
            throw UsageError("give the CIDs of the enclaves to stop, or --all");
        const std::vector<enclave::EnclaveRecord> records = world.enclaves();
        int status = exit_done;
        for (const core::Cid cid : cids)
            if (std::none_of(records.begin(), records.end(), [cid](const auto& record) {
                    return record.cid == cid && !record.ended;
                })) {
                std::cerr << fmt::format(
                    "glovebox: no enclave with CID {} runs in the world {}: `glovebox ps{}` lists "
                    "those that do.{}\n",
                    cid, world.path(), world.repeated(), worlds_elsewhere(world.world));
                status = exit_failed;
            }
        for (const auto& record : records) {
            const bool is_meant =
                all || std::find(cids.begin(), cids.end(), record.cid) != cids.end();
            if (is_meant && !record.ended && !stop(record))
                status = exit_failed;
        }
        return status;
    }

  private:
    static bool stop(const enclave::EnclaveRecord& record) {
        if (const auto stopped = enclave::stop_enclave(record); !stopped) {
            std::cerr << "glovebox: " << stopped.error().message << '\n';
            return false;
        }
        std::cout << record.cid << '\n';
        return true;
    }
};

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
            .run = [](const Values& values) {
                return StopCommand{WorldOption::of(values), values.numbers<core::Cid>("CID"),
                                   values.flag("--all")}
                    .run();
            }};
}

}  // namespace glovebox::cli
