#include "sim/cli/program_option.h"

#include <fmt/core.h>

#include <CLI/CLI.hpp>

#include <algorithm>
#include <boost/system/errc.hpp>
#include <fstream>
#include <iostream>

#include "sim/cli/world_name.h"
#include "sim/enclave/delegation.h"
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

CLI::Option* ProgramOption::add_to(CLI::App& command) {
    command
        .add_option("--world", world,
                    "The world, where parent and enclaves meet: a name, or a directory (with a "
                    "'/'). GLOVEBOX_WORLD gives it too [default]")
        ->type_name("NAME")
        ->check(check_world_name);
    command.add_flag("--trace", trace,
                     "One line an event on stderr, or as --log-file and --log-json say: calls, "
                     "requests to the module, connections with their bytes and ends");
    return command
        .add_option("command", arguments,
                    "The program and its arguments; write them after -- when they have options")
        ->type_name("PROGRAM [ARGUMENT...]");
}

std::unique_ptr<Log> ProgramOption::make_log(LogOption& option, std::string component) const {
    if (trace)
        option.options.level = std::min(option.options.level, LogLevel::info);
    return option.make(std::move(component));
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
    return is_absent ? exit_not_found : exit_not_executable;
}

}  // namespace glovebox::cli
