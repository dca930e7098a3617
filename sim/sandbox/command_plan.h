// SPDX-License-Identifier: Apache-2.0

// The sandbox of a command: `glovebox run -- python3 server.py`.
//
// There is no image, so the host's system folders stand for one: each is the lower folder of an
// overlay of its own (an overlay of "/" as a whole is refused in a user namespace), and what is
// written is forgotten. The caller's folder is seen read-only at its own path and stays the working
// directory. Of the rest of the host nothing is there: no home folders, no /run, no /var of the
// host's, and of the environment PATH alone.
#pragma once

#include <string>
#include <vector>

#include "core/base/error.h"
#include "sim/sandbox/enclave_steps.h"
#include "sim/sandbox/machine.h"
#include "sim/sandbox/sandbox_plan.h"

namespace glovebox::sandbox {

struct CommandRequest {
    std::vector<std::string> arguments;       // at least one
    std::vector<std::string> environment;     // "NAME=value": what --env gave; PATH may be among it
    std::string path;                         // the caller's PATH
    std::string working_directory;            // the caller's, absolute and without symlinks
    std::vector<std::string> hidden_entries;  // the working directory's names that begin with '.',
                                              // needed only where it is a home folder
    std::vector<std::string>
        shown_folders;  // --mount: further folders, read-only, at their own path
    std::vector<std::string> hidden_folders;  // the world and PKI directories
    EnclaveResources resources;
};

// Errors are bad_request, with a sentence: no command, a working directory that can't be shown.
[[nodiscard]] Result<SandboxPlan> make_command_plan(const CommandRequest& request,
                                                    const Machine& machine);

// Whether the path lies in a folder that every enclave sees of this machine: /usr, /etc, ...
[[nodiscard]] bool is_in_system_folder(const std::string& path);

// Whether the folder is the machine's or holds other things than one program's: "/", a home folder
// or one that holds some, /tmp and its like, a system folder.
[[nodiscard]] bool is_common_folder(const std::string& folder, const Machine& machine);

// Why `program` (arguments[0]) that the host has is not there inside; empty where that is not so.
[[nodiscard]] std::string explain_missing_program(const std::string& program,
                                                  const CommandRequest& request,
                                                  const Machine& machine);

}  // namespace glovebox::sandbox
