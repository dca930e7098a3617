// glovebox run: an unmodified program as an enclave.

#include <CLI/CLI.hpp>

#include <memory>
#include <optional>

#include "sim/cli/log_option.h"
#include "sim/cli/mock_nsm_option.h"
#include "sim/cli/nsm_session.h"
#include "sim/cli/program_option.h"
#include "sim/cli/subcommand.h"

namespace glovebox::cli {
namespace {

constexpr const char* examples = R"(Examples:
  A server in an enclave, and a client on the parent's side:
    glovebox run -- python3 server.py &
    glovebox parent -- python3 client.py 16
  Both in one line, and the enclave in debug mode with a CID of one's choice:
    glovebox parent -- sh -c 'glovebox run --cid 20 --debug -- ./server & ./client 20; kill $!'

The program keeps its file system, network and user. Its AF_VSOCK sockets, /dev/vsock and /dev/nsm
are simulated, for all that it starts, until the last of it has ended. PCR0 to PCR2 are made from
the executable file (from the interpreter of a script); --program names another file.

The exit status is the program's, 128 and the signal that killed it, or 126 or 127 when it can't be
executed. Signals that `glovebox run` gets are passed on to the program.)";

struct RunCommand {
    ProgramOption program;
    std::optional<core::Cid> cid;
    MockNsmOption nsm;
    LogOption log;

    [[nodiscard]] int run() {
        if (const auto status = run_from_outside())
            return *status;
        const auto to = program.make_log(log, "run");
        if (nsm.program.empty())
            nsm.program = supervisor::find_executable(program.arguments.front());
        const auto module = open_nsm_session("mock", "", nsm, *to).value();
        enclave::RunOptions options;
        options.cid = cid;
        options.nsm = &module->device();
        return program.run(options, *to);
    }
};

}  // namespace

void add_run_command(CLI::App& app, int& exit_status) {
    const auto options = std::make_shared<RunCommand>();
    CLI::App& command = *app.add_subcommand(
        "run", "Runs a program as an enclave: its AF_VSOCK and its /dev/nsm are simulated");
    command.footer(examples);
    command.add_option("--cid", options->cid, "The enclave's CID [the first free one from 16 up]")
        ->type_name("N");
    options->program.add_to(command);
    options->nsm.add_to(command);
    options->log.options.level = LogLevel::warning;
    options->log.add_to(command);
    command.callback([options, &exit_status] { exit_status = options->run(); });
}

}  // namespace glovebox::cli
