// SPDX-License-Identifier: Apache-2.0

#include "sim/nitro_cli/command_run.h"

#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <optional>

#include "core/base/clock.h"
#include "sim/enclave/delegation.h"
#include "sim/nitro_cli/environment.h"
#include "sim/nitro_cli/error.h"
#include "sim/nitro_cli/error_log.h"

namespace glovebox::nitro_cli {
namespace {

// Empty if no variable names a folder or a home.
std::optional<std::filesystem::path> log_folder() {
    if (const char* given = variable("NITRO_CLI_LOGS_PATH"))
        return given;
    if (const char* state = variable("XDG_STATE_HOME"))
        return std::filesystem::path(state) / "glovebox/nitro_enclaves";
    if (const char* home = variable("HOME"))
        return std::filesystem::path(home) / ".local/state/glovebox/nitro_enclaves";
    return std::nullopt;
}

// Commands about enclaves run outside of a supervised tree: `glovebox parent -- sh -c 'nitro-cli
// run-enclave ...'` asks the outer supervisor, which starts this very command.
bool is_about_enclaves(const std::string& name) {
    return name == "run-enclave" || name == "terminate-enclave" || name == "describe-enclaves" ||
           name == "console";
}

// `report` is the file with the whole error, or empty.
int report_failure(const Error& error, const std::string& report) {
    std::cerr << text_of(error, report);
    return exit_status_of(error);
}

// Opens the log, runs the command, and reports its error.
int run_logged(const std::string& name, const std::function<Result<void>()>& run) {
    if (is_about_enclaves(name))
        if (const auto status = enclave::run_through_outer_supervisor().value())
            return *status;
    const SystemClock clock;
    std::optional<ErrorLog> log;
    if (const auto folder = log_folder()) {
        auto opened = ErrorLog::open(*folder, name, clock.now());
        if (opened)
            log = std::move(*opened);
        else if (variable("NITRO_CLI_LOGS_PATH"))
            // AWS's program ends if its log cannot be opened; Glovebox's only if a folder was
            // named.
            return report_failure(opened.error(), {});
    }
    const auto done = run();
    if (done)
        return 0;
    const std::string report = log ? log->report(done.error(), name, clock.now()) : std::string();
    return report_failure(done.error(), report);
}

}  // namespace

int run_command(const std::string& name, const std::function<Result<void>()>& work) {
    try {
        return run_logged(name, work);
    } catch (const ErrorException& error) {
        return report_failure(error.error(), "");
    } catch (const std::exception& error) {
        std::cerr << "glovebox: " << error.what() << '\n';
        return 1;
    }
}

}  // namespace glovebox::nitro_cli
