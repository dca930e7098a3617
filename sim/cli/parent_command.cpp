// SPDX-License-Identifier: Apache-2.0

// glovebox parent: an unmodified program on the parent instance's side.

#include "core/address/vsock_address.h"
#include "sim/cli/commands.h"
#include "sim/cli/log_option.h"
#include "sim/cli/program_option.h"
#include "sim/cli/trust_option.h"
#include "sim/command_line/failure.h"
#include "sim/enclave/delegation.h"
#include "sim/enclave/parent_run.h"

namespace glovebox::cli {
namespace {

std::string problem_with_listener(const std::string& text) {
    const auto address = core::parse_vsock_address(text);
    if (!address)
        return address.error().message;
    return address->cid == core::cid_any || address->port == core::port_any
               ? "\"" + text +
                     "\" names no listener: a CID and a port were expected, such as 16:5005"
               : std::string();
}

int parent(const Values& values) {
    if (const auto status = enclave::run_through_outer_supervisor().value())
        return *status;
    const ProgramOption program = ProgramOption::of(values);
    enclave::ParentRun run;
    run.world = program.world;
    run.arguments = program.arguments;
    run.trace = program.trace;
    run.trace_connections = program.trace_connections;
    run.trace_traffic = program.trace_traffic;
    run.kernel_vsock = program.kernel_vsock;
    run.trust = read_trust(values);
    for (const std::string& text : values.list("--wait"))
        run.awaited.push_back(core::parse_vsock_address(text).value());
    run.patience = values.duration("--wait-timeout");
    if (const auto imds = values.find_text("--imds"))
        run.metadata = enclave::parse_metadata_service(*imds).value();
    return run.run(*program.make_log(values, "parent"),
                   command_line::failure_writer("glovebox", values));
}

}  // namespace

Command parent_command() {
    Option program = ProgramOption::positional();
    program.is_required = true;
    return {
        .name = "parent",
        .summary = "Run a program on the parent's side, from where its AF_VSOCK reaches enclaves",
        .description =
            {"The program keeps its file system, network and user. Enclaves see it as CID 3, the "
             "parent instance. Its AF_VSOCK sockets and /dev/vsock are simulated, as are those of "
             "every program that it starts, until the last of them has ended.",
             "An ordinary user's programs run under no_new_privs, which the supervision needs: "
             "setuid and setgid programs (sudo, su) and file capabilities have no effect, and the "
             "log names each that is executed.",
             "A program that dials a Unix socket of the world (socat, curl --unix-socket) does not "
             "need this command; it counts as the parent too."},
        .options = command_line::joined(
            {ProgramOption::options(),
             {{.name = "--imds",
               .placeholder = "IP:PORT",
               .check = problem_by<enclave::parse_metadata_service>,
               .summary = "Show the program this metadata service (glovebox imds) at "
                          "169.254.169.254"},
              {.name = "--wait",
               .placeholder = "CID:PORT",
               .check = problem_with_listener,
               .repeat = Repeat::list,
               .summary = "Start the program when something listens at this vsock address"},
              {.name = "--wait-timeout",
               .kind = Kind::duration,
               .placeholder = "TIME",
               .needs = {"--wait"},
               .summary = "Fail when nothing listens there after this time",
               .default_value = "30s"},
              trust_option()},
             log_options("warning")}),
        .positionals = {program},
        .examples = {{"A client of the enclave with CID 16",
                      "glovebox parent --wait 16:5005 -- python3 client.py 16"},
                     {"A shell on the parent's side; `glovebox run` inside it starts enclaves",
                      "glovebox parent -- bash"},
                     {"A program that takes its credentials from the instance's metadata",
                      "glovebox imds --role-arn arn:aws:iam::111122223333:role/parent &\n"
                      "glovebox parent --imds 127.0.0.1:1338 -- python3 parent.py"}},
        .exit_codes = program_exit_codes(),
        .see_also = {"glovebox-imds(1)", "glovebox-run(1)"},
        .run = parent};
}

}  // namespace glovebox::cli
