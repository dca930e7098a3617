// SPDX-License-Identifier: Apache-2.0

// The command after `--` and its world, and how its end becomes the exit status: what `run` and
// `parent` share.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/log.h"
#include "sim/cli/commands.h"
#include "sim/enclave/session.h"

namespace glovebox::cli {

// Inside a supervised tree, the exit status of this command as the outer supervisor ran it; nothing
// where this process itself is to run it. Throws ErrorException.
[[nodiscard]] std::optional<int> run_from_outside();

// The interpreter that a script's first line names, "/usr/bin/env"; empty for what is no script.
[[nodiscard]] std::string interpreter_of(const std::string& path);

// What a program's end makes of the exit status.
[[nodiscard]] std::vector<command_line::ExitCode> program_exit_codes();

struct ProgramOption {
    std::string world;
    bool trace = false;
    std::vector<std::string> arguments;
    std::string hint_when_missing;  // follows the sentence that there is no such program

    // --world and --trace; and the command itself.
    [[nodiscard]] static Options options();
    [[nodiscard]] static Option positional();
    [[nodiscard]] static ProgramOption of(const Values& values);
    // Where the trace goes, tracing wants at least `info`.
    [[nodiscard]] std::unique_ptr<Log> make_log(const Values& values, std::string component) const;

    // Runs the program; `options` says as what. Its own exit status, 128 and the signal that killed
    // it, 126 or 127 when it can't be executed. Throws ErrorException for everything else.
    [[nodiscard]] int run(enclave::RunOptions options, Log& log) const;
};

}  // namespace glovebox::cli
