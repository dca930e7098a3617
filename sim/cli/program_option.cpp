// SPDX-License-Identifier: Apache-2.0

#include "sim/cli/program_option.h"

#include <algorithm>

#include "sim/cli/log_option.h"
#include "sim/cli/shared_options.h"
#include "sim/cli/world_option.h"

namespace glovebox::cli {

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
                        "module, connections with their bytes"},
            {.name = "--trace-connections",
             .kind = Kind::flag,
             .summary = "Log each connection with its bytes, without the calls that --trace has"},
            trace_traffic_option(),
            {.name = "--kernel-vsock",
             .kind = Kind::flag,
             .summary = "Leave AF_VSOCK to the kernel and simulate the rest: for the inside of a "
                        "virtual machine (glovebox vm run)"}};
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
    program.trace_connections = values.flag("--trace-connections");
    program.trace_traffic = traced_bytes(values);
    program.kernel_vsock = values.flag("--kernel-vsock");
    program.arguments = values.list(positional().name);
    return program;
}

std::unique_ptr<Log> ProgramOption::make_log(const Values& values, std::string component) const {
    LogOptions options = read_log_options(values, std::move(component));
    if (trace || trace_connections || trace_traffic > 0)
        options.level = std::min(options.level, LogLevel::info);
    return glovebox::make_log(options);
}

}  // namespace glovebox::cli
