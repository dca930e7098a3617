// SPDX-License-Identifier: Apache-2.0

// glovebox: AWS Nitro Enclaves on a laptop and in CI. Everything the program is made of is built
// here and below.

#include <algorithm>
#include <exception>
#include <filesystem>
#include <string>
#include <vector>

#include "core/base/interruption.h"
#include "core/base/workflow_commands.h"
#include "core/crypto/openssl.h"
#include "sim/cli/commands.h"
#include "sim/cli/programs.h"
#include "sim/command_line/failure.h"
#include "sim/command_line/run_program.h"
#include "sim/command_line/standard_streams.h"

namespace glovebox::cli {
namespace {

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
        ignore_openssl_configuration();
        return run(called, {argv + std::min(argc, 1), argv + argc});
    } catch (const Interrupted& interrupted) {
        end_by_signal(interrupted.signal);
    } catch (const std::exception& error) {
        return command_line::report_failure("glovebox", error, false);  // before any command
    }
}

}  // namespace
}  // namespace glovebox::cli

int main(int argc, char** argv) {
    glovebox::command_line::hold_standard_streams();
    const glovebox::command_line::PrintableStreams printable(glovebox::is_workflow_step());
    return glovebox::command_line::finish_output(glovebox::cli::run_caught(argc, argv));
}
