// glovebox stop: an enclave's power goes off.

#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cerrno>
#include <iostream>
#include <memory>

#include "sim/cli/subcommand.h"
#include "sim/cli/world_option.h"
#include "sim/enclave/signal_relay.h"

namespace glovebox::cli {
namespace {

constexpr const char* examples = R"(Examples:
  The enclave with CID 16, and every enclave of this world:
    glovebox stop 16
    glovebox stop --all

As on Nitro, nothing inside is told: everything ends at once. To try how a program takes a SIGTERM,
send it to `glovebox run`, which passes it on.)";

// A `glovebox run` that doesn't end within this time is killed, and its enclave with it.
constexpr int patience_ms = 10'000;

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
        const UniqueFd process(static_cast<int>(::syscall(SYS_pidfd_open, record.process, 0)));
        // Asked after the descriptor was opened: then it is this very process that it names.
        if (!process || !is_alive(record)) {
            std::cout << record.cid << '\n';  // it has just ended
            return true;
        }
        if (!send(process, enclave::power_off_signal, record))
            return false;
        pollfd end{process.get(), POLLIN, 0};
        while (::poll(&end, 1, patience_ms) < 0 && errno == EINTR) {
        }
        if (end.revents == 0) {
            if (!send(process, SIGKILL, record))
                return false;
            ::poll(&end, 1, -1);
        }
        std::cout << record.cid << '\n';
        return true;
    }

    static bool send(const UniqueFd& process, int signal, const enclave::EnclaveRecord& record) {
        if (::syscall(SYS_pidfd_send_signal, process.get(), signal, nullptr, 0) == 0 ||
            errno == ESRCH)
            return true;
        std::cerr << "glovebox: "
                  << errno_error(fmt::format("stopping the enclave with CID {} (process {})",
                                             record.cid, record.process),
                                 errno)
                         .message
                  << '\n';
        return false;
    }
};

}  // namespace

void add_stop_command(CLI::App& app, int& exit_status) {
    const auto options = std::make_shared<StopCommand>();
    CLI::App& command = *app.add_subcommand("stop", "Ends enclaves at once, as a power-off does");
    command.footer(examples);
    command.add_option("cid", options->cids, "Their CIDs")->type_name("CID...");
    command.add_flag("-a,--all", options->all, "Every enclave of this world");
    options->world.add_to(command);
    command.callback([options, &exit_status] { exit_status = options->run(); });
}

}  // namespace glovebox::cli
