// SPDX-License-Identifier: Apache-2.0

// Starts a program under a filter, and hands its listener to the supervisor.
#pragma once

#include <linux/filter.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/types.h>

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/base/unique_fd.h"

namespace glovebox::supervisor {

// What a supervising process changes for itself and a program is to find as it was: taken before
// the change, restored between fork and exec.
struct InheritedState {
    sigset_t mask;
    bool ignores_sigpipe;
    rlim_t descriptor_limit;  // RLIMIT_NOFILE, soft

    [[nodiscard]] static InheritedState now();
    void restore() const noexcept;
};

// What to run, and what it is given. By default all is as in the calling process.
struct Program {
    std::vector<std::string> arguments;                   // the first one is looked up in PATH
    std::vector<std::string> extra_environment;           // "NAME=value", over what is there
    std::optional<std::vector<std::string>> environment;  // instead of the caller's
    std::array<int, 3> standard_fds{0, 1, 2};
    int working_directory = -1;          // a descriptor of it
    std::optional<pid_t> process_group;  // to join; 0 for one of its own
    std::optional<mode_t> umask;
    InheritedState inherited = InheritedState::now();
};

// The file that is executed for a program's name: looked up in PATH unless there is a slash in it.
// The name itself when nothing is found.
[[nodiscard]] std::string find_executable(const std::string& name);

// The interpreter that a script's first line names, "/usr/bin/env"; empty for what is not a script.
[[nodiscard]] std::string interpreter_of(const std::string& path);

struct Launched {
    pid_t process;
    UniqueFd listener;  // of the filter, close-on-exec
};

// Forks, installs the filter and executes. The supervisor's own descriptors are all close-on-exec.
//
// Before it executes, the child calls socket(AF_VSOCK) once, to find out whether a filter further
// out, a container's, answers in the supervisor's place.
//
// Errors: those of obstacle.h where there can be no supervision; ENOENT, EACCES and their like when
// the program can't be executed.
[[nodiscard]] Result<Launched> launch(const Program& program,
                                      const std::vector<sock_filter>& filter);

struct SupervisionFeatures {
    bool wakes_up_synchronously = false;  // Linux 6.6 and later
};
// Whether launch() would succeed, tried on a child that executes nothing. Errors as launch().
[[nodiscard]] Result<SupervisionFeatures> probe_supervision(const std::vector<sock_filter>& filter);

// The calling process adopts what its descendants leave behind, so that a filter's supervisor is
// there for as long as anything runs under it.
[[nodiscard]] Result<void> become_subreaper();

}  // namespace glovebox::supervisor
