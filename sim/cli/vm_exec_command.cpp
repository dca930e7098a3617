// SPDX-License-Identifier: Apache-2.0

// glovebox vm exec: a command in a guest that has an agent.

#include <filesystem>

#include "core/service/process_setup.h"
#include "sim/cli/vm_options.h"
#include "sim/vm/remote_run.h"

extern char** environ;

namespace glovebox::cli {
namespace {

int run_in_guest(const Values& values) {
    core::ignore_write_signals();
    vm::RemoteCommand command;
    command.folder = std::filesystem::current_path();
    command.arguments = values.list("COMMAND");
    for (char** one = environ; *one != nullptr; ++one)
        command.environment.emplace_back(*one);
    return vm::run_remotely(values.text("--socket"), command).value();
}

}  // namespace

Command vm_exec_command() {
    return {.name = "exec",
            .summary = "Run a command in a virtual machine that has an agent",
            .description = {"The command has this environment, working directory and standard "
                            "streams; signals that would end it here are passed on. The guest was "
                            "started with --host-files and --agent-socket, and its command is "
                            "`glovebox vm agent`. One command at a time uses a socket."},
            .options = {{.name = "--socket",
                         .kind = Kind::file,
                         .placeholder = "SOCKET",
                         .is_required = true,
                         .summary = "The guest's --agent-socket"}},
            .positionals = {{.name = "COMMAND",
                             .repeat = Repeat::list,
                             .is_required = true,
                             .summary = "The command and its arguments, after --"}},
            .examples = {{"Ask the guest's kernel for its version",
                          "glovebox vm exec --socket a.sock -- uname -r"}},
            .exit_codes = {{"N", "the command's exit status"},
                           {"1", "the guest cannot be reached, or ended"},
                           {"2", "the command line is wrong"},
                           {"126", "the guest could not execute the command"},
                           {"127", "the command was not found"}},
            .see_also = {"glovebox-vm(1)"},
            .run = run_in_guest};
}

}  // namespace glovebox::cli
