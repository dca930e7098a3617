// SPDX-License-Identifier: Apache-2.0

#include "sim/cli/programs.h"

#include "sim/cli/commands.h"

namespace glovebox::cli {
namespace {

Command as_command(const Program& program) {
    Command command = program.root;
    command.is_program = true;
    return command;
}

}  // namespace

Program glovebox_program() {
    return {
        .root = {.name = "glovebox",
                 .summary = "Run AWS Nitro Enclaves on a laptop and in CI",
                 .examples = {{"Run a server in an enclave, and its client on the parent's side",
                               "glovebox run -d --ready 5005 -- python3 server.py\n"
                               "glovebox parent -- python3 client.py 16"}},
                 .exit_codes = {{"0", "done"},
                                {"1",
                                 "it could not be done, or was refused; a sentence on "
                                 "standard error says why"},
                                {"2", "the command line is wrong"}},
                 .see_also = {"glovebox-run(1)", "glovebox-up(1)", "nitro-cli(1)",
                              "vsock-proxy(1)"},
                 .subcommands = {run_command(),
                                 parent_command(),
                                 ps_command(),
                                 worlds_command(),
                                 exec_command(),
                                 logs_command(),
                                 stop_command(),
                                 clean_command(),
                                 doctor_command(),
                                 up_command(),
                                 compare_command(),
                                 merge_command(),
                                 inspect_command(),
                                 top_command(),
                                 part_command(),
                                 fault_command(),
                                 vm_command(),
                                 nitro_command(),
                                 eif_command(),
                                 nsm_command(),
                                 verify_command(),
                                 pki_command(),
                                 kms_command(),
                                 imds_command(),
                                 proxy_command(),
                                 forward_command(),
                                 as_command(nitro_cli_program()),
                                 as_command(vsock_proxy_program()),
                                 completion_command(),
                                 version_command(),
                                 describe_programs_command()}},
        .version = "glovebox " GLOVEBOX_VERSION};
}

std::vector<Program> all_programs() {
    return {glovebox_program(), nitro_cli_program(), vsock_proxy_program()};
}

}  // namespace glovebox::cli
