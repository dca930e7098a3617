// glovebox stop: an enclave's power goes off.

#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include <algorithm>
#include <iostream>
#include <memory>

#include "sim/cli/number_option.h"
#include "sim/cli/subcommand.h"
#include "sim/cli/world_option.h"
#include "sim/enclave/stop.h"

namespace glovebox::cli {
namespace {

constexpr const char* examples = R"(Examples:
  The enclave with CID 16, and every enclave of this world:
    glovebox stop 16
    glovebox stop --all

As on Nitro, nothing inside is told: everything ends at once. To try how a program takes a SIGTERM,
send it to `glovebox run`, which passes it on.)";

struct StopCommand {
    WorldOption world;
    std::vector<core::Cid> cids;
    bool all = false;

    [[nodiscard]] int run() const {
        if (all != cids.empty())
            throw CLI::ValidationError("stop", "give the CIDs to stop, or --all");
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

void add_stop_command(CLI::App& app, int& exit_status) {
    const auto options = std::make_shared<StopCommand>();
    CLI::App& command = *app.add_subcommand("stop", "Ends enclaves at once, as a power-off does");
    command.footer(examples);
    command.add_option("cid", options->cids, "Their CIDs")
        ->type_name("CID...")
        ->check(enclave_cid());
    command.add_flag("-a,--all", options->all, "Every enclave of this world");
    options->world.add_to(command);
    command.callback([options, &exit_status] { exit_status = options->run(); });
}

}  // namespace glovebox::cli
