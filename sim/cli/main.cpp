// SPDX-License-Identifier: Apache-2.0

// glovebox: AWS Nitro Enclaves on a laptop and in CI. Everything the program is made of is built
// here and below.

#include <algorithm>
#include <boost/system/system_error.hpp>
#include <cerrno>
#include <exception>
#include <filesystem>
#include <iostream>
#include <new>
#include <string>
#include <system_error>
#include <vector>

#include "core/base/error.h"
#include "core/base/interruption.h"
#include "core/base/printable.h"
#include "core/base/workflow_commands.h"
#include "core/crypto/openssl.h"
#include "sim/cli/commands.h"
#include "sim/cli/programs.h"
#include "sim/command_line/run_program.h"
#include "sim/command_line/standard_streams.h"

namespace glovebox::cli {
namespace {

// A sentence may quote what it is about, and that may be a file of a megabyte.
constexpr std::size_t error_bytes_max = 16 * 1024;

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

// What a library throws names what it asked for; an error's sentence says what to do as well.
std::string sentence_of(const std::exception& exception) {
    if (dynamic_cast<const std::bad_alloc*>(&exception) != nullptr)
        return errno_error("this needs more memory than there is", ENOMEM).message;
    std::error_code code;
    if (const auto* failed = dynamic_cast<const std::system_error*>(&exception))
        code = failed->code();
    if (const auto* failed = dynamic_cast<const boost::system::system_error*>(&exception))
        code = failed->code();
    const bool is_of_the_system =
        code.category() == std::system_category() || code.category() == std::generic_category();
    if (!code || !is_of_the_system)
        return exception.what();
    const int reason = code.value();
    if (reason == EAGAIN)
        return errno_error("a thread can't be started", reason)
            .with_advice(
                "Raise this process's limits on memory and processes (ulimit -v, -u), and "
                "try again")
            .message;
    const std::string text = exception.what();
    return errno_error(text.substr(0, text.find(": " + code.message())), reason).message;
}

int run_caught(int argc, char** argv) {
    const std::string called = argc > 0 ? std::filesystem::path(argv[0]).filename() : "";
    try {
        ignore_openssl_configuration();
        return run(called, {argv + std::min(argc, 1), argv + argc});
    } catch (const Interrupted& interrupted) {
        end_by_signal(interrupted.signal);
    } catch (const std::exception& error) {
        // What couldn't be written is said once, by main.
        if (!command_line::is_output_lost())
            std::cerr << "glovebox: " << cut(sentence_of(error), error_bytes_max) << '\n';
        return exit_failed;
    }
}

}  // namespace
}  // namespace glovebox::cli

int main(int argc, char** argv) {
    glovebox::command_line::hold_standard_streams();
    const glovebox::command_line::PrintableStreams printable(glovebox::is_workflow_step());
    return glovebox::command_line::finish_output(glovebox::cli::run_caught(argc, argv));
}
