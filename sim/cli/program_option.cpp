// SPDX-License-Identifier: Apache-2.0

#include "sim/cli/program_option.h"

#include <fmt/core.h>

#include <algorithm>
#include <boost/system/errc.hpp>
#include <fstream>
#include <iostream>

#include "sim/cli/log_option.h"
#include "sim/cli/world_option.h"
#include "sim/enclave/delegation.h"
#include "sim/enclave/exit_status.h"
#include "sim/supervisor/launch.h"
#include "transports/world.h"

namespace glovebox::cli {

std::string interpreter_of(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::string line;
    if (!std::getline(file, line) || !line.starts_with("#!"))
        return {};
    const std::size_t begin = line.find_first_not_of(" \t", 2);
    if (begin == std::string::npos)
        return {};
    return line.substr(begin, line.find_first_of(" \t\r", begin) - begin);
}

namespace {

// The kernel says of a script that it isn't there when its interpreter isn't.
std::string explain_missing_interpreter(const std::string& path) {
    const std::string interpreter = interpreter_of(path);
    return interpreter.empty()
               ? std::string()
               : fmt::format("The file is there; its first line names {}, which is not",
                             interpreter);
}

}  // namespace

std::optional<int> run_from_outside() {
    return enclave::run_through_outer_supervisor().value();
}

std::vector<command_line::ExitCode> program_exit_codes() {
    return {{"N", "the program ended with status N"},
            {"128+N", "signal N killed the program"},
            {"1", "the program could not be supervised; a sentence on standard error says why"},
            {"2", "the command line is wrong"},
            {"126", "the program could not be executed"},
            {"127", "the program was not found"}};
}

Options ProgramOption::options() {
    return {WorldOption::option(),
            {.name = "--trace",
             .kind = Kind::flag,
             .summary = "Log one line for each event: system calls, requests to the security "
                        "module, connections with their bytes"}};
}

Option ProgramOption::positional() {
    return {.name = "PROGRAM [ARGUMENT]",
            .repeat = Repeat::list,
            .summary = "The program and its arguments; everything after -- belongs to it",
            .completion = Completion::program};
}

ProgramOption ProgramOption::of(const Values& values) {
    ProgramOption program;
    program.world = values.text("--world");
    program.trace = values.flag("--trace");
    program.arguments = values.list(positional().name);
    return program;
}

std::unique_ptr<Log> ProgramOption::make_log(const Values& values, std::string component) const {
    LogOptions options = read_log_options(values, std::move(component));
    if (trace)
        options.level = std::min(options.level, LogLevel::info);
    return glovebox::make_log(options);
}

int ProgramOption::run(enclave::RunOptions options, Log& log) const {
    options.program.arguments = arguments;
    options.trace = trace;
    const auto opened = transports::World::open(transports::World::choose_name(world));
    const SystemClock clock;
    enclave::Session session(*opened.value(), clock, log);
    const auto status = session.run(options);
    if (status)
        return *status;
    const auto& code = status.error().code;
    const bool is_absent = code == boost::system::errc::no_such_file_or_directory;
    if (!is_absent && code != boost::system::errc::permission_denied &&
        code != boost::system::errc::not_a_directory &&
        code != boost::system::errc::executable_format_error)
        throw ErrorException(status.error());
    std::string hint = hint_when_missing;
    if (hint.empty() && is_absent)
        hint = explain_missing_interpreter(supervisor::find_executable(arguments.front()));
    std::cerr << "glovebox: " << status.error().message << (hint.empty() ? "" : ". ") << hint
              << '\n';
    return is_absent ? enclave::exit_not_found : enclave::exit_not_executable;
}

}  // namespace glovebox::cli
