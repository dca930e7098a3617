// SPDX-License-Identifier: Apache-2.0

// The command after `--`, its world and its trace: what `run` and `parent` share.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/base/log.h"
#include "sim/cli/commands.h"

namespace glovebox::cli {

// What a program's end makes of the exit status.
[[nodiscard]] std::vector<command_line::ExitCode> program_exit_codes();

struct ProgramOption {
    std::string world;
    bool trace = false;
    bool trace_connections = false;
    std::size_t trace_traffic = 0;
    bool kernel_vsock = false;
    std::vector<std::string> arguments;

    // --world, the options --trace..., and --kernel-vsock; and the command itself.
    [[nodiscard]] static Options options();
    [[nodiscard]] static Option positional();
    [[nodiscard]] static ProgramOption of(const Values& values);
    // Where the trace goes, tracing wants at least `info`.
    [[nodiscard]] std::unique_ptr<Log> make_log(const Values& values, std::string component) const;
};

}  // namespace glovebox::cli
