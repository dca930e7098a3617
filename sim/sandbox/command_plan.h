// SPDX-License-Identifier: Apache-2.0

// The sandbox of a command: `glovebox run -- python3 server.py`.
//
// A command has no image, so the host's system folders take its place. Each is the lower folder of
// an overlay of its own, since the kernel refuses an overlay of "/" as a whole in a user namespace;
// writes are discarded at the end. A system folder with mounts below it cannot be in an overlay and
// is read-only. The caller's folder is such an overlay too, at its own path, and stays the working
// directory. Nothing else of the host is there: no home folders, neither /run nor /var, and of the
// environment only PATH.
#pragma once

#include <string>
#include <vector>

#include "core/base/error.h"
#include "sim/sandbox/enclave_steps.h"
#include "sim/sandbox/machine.h"
#include "sim/sandbox/sandbox_plan.h"

namespace glovebox::sandbox {

struct CommandRequest {
    std::vector<std::string> arguments;    // at least one
    std::vector<std::string> environment;  // "NAME=value", from --env; may include PATH
    std::string path;                      // the caller's PATH, used unless --env has one
    std::string working_directory;         // the caller's, absolute and without symlinks
    // Names in the working directory that begin with '.'; needed only if it is a home folder.
    std::vector<std::string> hidden_entries;
    std::vector<std::string> shown_folders;   // --mount: more folders, read-only at their own paths
    std::vector<std::string> hidden_folders;  // covered: the world and PKI directories
    // Single files, read-only at their own paths; their folders are not shown.
    std::vector<std::string> shown_files{};
    EnclaveResources resources;
};

// Errors are SandboxError::bad_request: no command, or a working directory or a folder of --mount
// that an enclave cannot have. A working directory that the enclave sees empty, such as /tmp, is a
// sentence in the plan's shortfalls.
[[nodiscard]] Result<SandboxPlan> make_command_plan(const CommandRequest& request,
                                                    const Machine& machine);

// Whether the folder belongs to the machine or holds more than one program's files: "/", a home
// folder or a parent of one, /tmp and the like, a system folder.
[[nodiscard]] bool is_common_folder(const std::string& folder, const Machine& machine);

// The reason why `program` (arguments[0]), which exists on the host, is missing in the sandbox;
// empty if it is not missing.
[[nodiscard]] std::string explain_missing_program(const std::string& program,
                                                  const CommandRequest& request,
                                                  const Machine& machine);

}  // namespace glovebox::sandbox
