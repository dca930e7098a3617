// glovebox parent: an unmodified program on the parent instance's side.

#include <CLI/CLI.hpp>

#include <memory>

#include "sim/cli/log_option.h"
#include "sim/cli/program_option.h"
#include "sim/cli/subcommand.h"

namespace glovebox::cli {
namespace {

constexpr const char* examples = R"(Examples:
  A client of the enclave with CID 16:
    glovebox parent -- python3 client.py 16
  A shell on the parent's side; `glovebox run` inside it starts enclaves:
    glovebox parent -- bash

The program keeps its file system, network and user. It has CID 3, as the parent instance has for
its enclaves; its AF_VSOCK sockets and /dev/vsock are simulated, for all that it starts, until the
last of it has ended. A program that dials a Unix socket of the world (socat, curl --unix-socket)
needs none of this and counts as the parent too.)";

struct ParentCommand {
    ProgramOption program;
    LogOption log;

    [[nodiscard]] int run() {
        if (const auto status = run_from_outside())
            return *status;
        enclave::RunOptions options;
        options.is_parent = true;
        return program.run(options, *program.make_log(log, "parent"));
    }
};

}  // namespace

void add_parent_command(CLI::App& app, int& exit_status) {
    const auto options = std::make_shared<ParentCommand>();
    CLI::App& command = *app.add_subcommand(
        "parent", "Runs a program on the parent's side: its AF_VSOCK reaches the enclaves");
    command.footer(examples);
    options->program.add_to(command);
    options->log.options.level = LogLevel::warning;
    options->log.add_to(command);
    command.callback([options, &exit_status] { exit_status = options->run(); });
}

}  // namespace glovebox::cli
