// glovebox: AWS Nitro Enclaves on a laptop and in CI. Everything the program is made of is built
// here and below.

#include <algorithm>
#include <exception>
#include <filesystem>
#include <iostream>
#include <string>
#include <vector>

#include "sim/cli/commands.h"
#include "sim/cli/nitro_cli.h"
#include "sim/cli/standard_streams.h"
#include "sim/cli/vsock_proxy.h"
#include "sim/command_line/run_program.h"

namespace glovebox::cli {
namespace {

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
                 .subcommands = {run_command(), parent_command(), ps_command(), logs_command(),
                                 stop_command(), clean_command(), doctor_command(), up_command(),
                                 eif_command(), nsm_command(), verify_command(), pki_command(),
                                 kms_command(), imds_command(), proxy_command(), forward_command(),
                                 nitro_cli_program().root, vsock_proxy_program().root}},
        .version = "glovebox " GLOVEBOX_VERSION};
}

// AWS's programs are programs of their own in all but the file: by their name, and by the first
// word.
int run(const std::string& called, std::vector<std::string> words) {
    for (const Program& program : {nitro_cli_program(), vsock_proxy_program()}) {
        if (called == program.root.name)
            return run_program(program, words);
        if (!words.empty() && words.front() == program.root.name) {
            words.erase(words.begin());
            return run_program(program, words);
        }
    }
    return run_program(glovebox_program(), words);
}

int run_caught(int argc, char** argv) {
    const std::string called = argc > 0 ? std::filesystem::path(argv[0]).filename() : "";
    try {
        return run(called, {argv + std::min(argc, 1), argv + argc});
    } catch (const std::exception& error) {
        // What couldn't be written is said once, by main.
        if (!is_output_lost())
            std::cerr << "glovebox: " << error.what() << '\n';
        return exit_failed;
    }
}

}  // namespace
}  // namespace glovebox::cli

int main(int argc, char** argv) {
    glovebox::cli::hold_standard_streams();
    return glovebox::cli::finish_output(glovebox::cli::run_caught(argc, argv));
}
