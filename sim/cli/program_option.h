// The command after `--` and its world, and how its end becomes the exit status: what `run` and
// `parent` share.
#pragma once

#include <CLI/App.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/log.h"
#include "sim/cli/log_option.h"
#include "sim/enclave/session.h"

namespace glovebox::cli {

// As env(1) and shells have it.
inline constexpr int exit_not_executable = 126;
inline constexpr int exit_not_found = 127;

// Inside a supervised tree, the exit status of this command as the outer supervisor ran it; nothing
// where this process itself is to run it. Throws ErrorException.
[[nodiscard]] std::optional<int> run_from_outside();

struct ProgramOption {
    std::string world;
    bool trace = false;
    std::vector<std::string> arguments;
    std::string hint_when_missing;  // follows the sentence that there is no such program

    CLI::Option* add_to(CLI::App& command);
    // Where the trace goes, tracing wants at least `info`.
    [[nodiscard]] std::unique_ptr<Log> make_log(LogOption& option, std::string component) const;

    // Runs the program; `options` says as what. Its own exit status, 128 and the signal that killed
    // it, 126 or 127 when it can't be executed. Throws ErrorException for everything else.
    [[nodiscard]] int run(enclave::RunOptions options, Log& log) const;
};

}  // namespace glovebox::cli
