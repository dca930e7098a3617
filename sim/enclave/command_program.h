// SPDX-License-Identifier: Apache-2.0

// The program that a command means on this machine, which the enclave shall run too and no other.
//
// A shell takes the first match of PATH. When that lies in a folder that enclaves don't see, the
// search inside would silently go on to the next: another Python, without the modules of the
// virtual environment. So the folders that a user's own program needs are shown read-only
// (tool_folder.h), and what can't be shown is refused.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "sim/sandbox/command_plan.h"
#include "sim/sandbox/machine.h"

namespace glovebox::enclave {

// The files that a command's PCR0 to PCR2 are made from: nsm-mock/module/measured_program.h.
struct MeasuredCommand {
    std::string program;  // or the interpreter; empty when nothing is found
    std::string script{};
    std::string script_folder{};
};

// `find` gives the host's name of a program by its name or path, or nothing; `host_name` that of a
// file of the enclave's, by its path there. `root` is where the enclave's files lie.
[[nodiscard]] MeasuredCommand measure_command(
    const std::vector<std::string>& arguments, const sandbox::Machine& machine,
    const std::string& root, const std::function<std::string(const std::string&)>& host_name,
    const std::function<std::string(const std::string&)>& find);

// Of a command that runs without a sandbox: files and PATH are the caller's.
[[nodiscard]] MeasuredCommand measure_on_host(const std::vector<std::string>& arguments);

// The caller's environment, as far as it names tools: VIRTUAL_ENV, CONDA_PREFIX and NVM_BIN.
struct ToolVariables {
    std::string virtual_env{};
    std::string conda_prefix{};
    std::string nvm_bin{};

    [[nodiscard]] static ToolVariables read();
};

// The first executable file of that name in the folders of `path`, or the name itself made absolute
// when it has a slash; empty when nothing is found.
[[nodiscard]] std::string find_program(const std::string& name, const std::string& path);

// What a script's first line means: the program behind env, by its name or path. Empty for what is
// no script.
[[nodiscard]] std::string script_interpreter(const std::string& path);

// Adds the folders of the command's program, of its script's interpreter and of the active
// environments to `command.shown_folders`, and a sentence for each to `notes`. Errors are
// bad_request: PATH's match, or the interpreter's script, is out of the enclave's sight.
[[nodiscard]] Result<void> show_tools(sandbox::CommandRequest& command,
                                      const sandbox::Machine& machine,
                                      const ToolVariables& variables,
                                      std::vector<std::string>& notes);

}  // namespace glovebox::enclave
