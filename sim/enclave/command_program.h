// SPDX-License-Identifier: Apache-2.0

// Finds the program that a command means on this machine, and makes sure that the enclave runs that
// program and no other.
//
// A shell takes the first match of PATH. If that is in a folder that enclaves do not see, the
// search inside would silently go on to the next match: another Python, without the modules of the
// virtual environment. So the folders that a user's own program needs are made visible read-only
// (tool_folder.h), and a program that cannot be made visible is refused.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "sim/sandbox/command_plan.h"
#include "sim/sandbox/machine.h"

namespace glovebox::enclave {

// The files that determine a command's PCR0 to PCR2 (nsm-mock/module/measured_program.h), by their
// names on the host.
struct MeasuredCommand {
    std::string program;  // for a script its interpreter; empty if it is not found
    std::string script{};
    std::string script_folder{};
};

// `find` returns the host's name of a program, given by name or path, or an empty text. `host_name`
// returns the host's name of a file at a path in the enclave. `root` is the host's path of the
// enclave's root.
[[nodiscard]] MeasuredCommand measure_command(
    const std::vector<std::string>& arguments, const sandbox::Machine& machine,
    const std::string& root, const std::function<std::string(const std::string&)>& host_name,
    const std::function<std::string(const std::string&)>& find);

// The same for a command without a sandbox: the files and the PATH are the caller's.
[[nodiscard]] MeasuredCommand measure_on_host(const std::vector<std::string>& arguments);

// The variables of the caller's environment that name tools: VIRTUAL_ENV, CONDA_PREFIX and NVM_BIN.
struct ToolVariables {
    std::string virtual_env{};
    std::string conda_prefix{};
    std::string nvm_bin{};

    [[nodiscard]] static ToolVariables read();
};

// The first executable file with that name in the folders of `path`, or, for a name with a slash,
// the name made absolute. Empty if there is no such executable file.
[[nodiscard]] std::string find_program(const std::string& name, const std::string& path);

// The program that a script's first line names, by name or path; for env(1), the program after it.
// Empty if the file is not a script.
[[nodiscard]] std::string script_interpreter(const std::string& path);

// Adds the folders that the command's program, its script's interpreter and the active environments
// need to `command.shown_folders`, `glovebox` itself to `command.shown_files` if PATH leads to it,
// and a sentence about each to `notes`. The error is bad_request: PATH's match, or the script that
// an interpreter is to run, cannot be made visible. A program named by a path is no error here; its
// start fails.
[[nodiscard]] Result<void> show_tools(sandbox::CommandRequest& command,
                                      const sandbox::Machine& machine,
                                      const ToolVariables& variables,
                                      std::vector<std::string>& notes);

}  // namespace glovebox::enclave
