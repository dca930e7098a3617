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
#include "sim/supervisor/keeper.h"
#include "sim/supervisor/tracer.h"

namespace glovebox::supervisor {

// Settings that a supervising process changes for itself and restores for a program: saved before
// the change, restored between fork and exec.
struct InheritedState {
    sigset_t mask;
    bool ignores_sigpipe;
    rlim_t descriptor_limit;  // RLIMIT_NOFILE, soft

    [[nodiscard]] static InheritedState now();
    void restore() const noexcept;
};

// The program to run and its attributes. By default they are those of the calling process.
struct Program {
    std::vector<std::string> arguments;                   // the first one is looked up in PATH
    std::vector<std::string> extra_environment;           // "NAME=value", over what is there
    std::optional<std::vector<std::string>> environment;  // instead of the caller's
    std::array<int, 3> standard_fds{0, 1, 2};
    int working_directory = -1;  // a descriptor of it
    std::optional<mode_t> umask;
    InheritedState inherited = InheritedState::now();
};

// The file that is executed for a program's name: looked up in PATH unless there is a slash in it.
// The name itself when nothing is found.
[[nodiscard]] std::string find_executable(const std::string& name);

// The words of a script's first line: "/usr/bin/env", "python3"; none for what is no script.
[[nodiscard]] std::vector<std::string> interpreter_line_of(const std::string& path);
// The first of them, which the kernel executes; or empty.
[[nodiscard]] std::string interpreter_of(const std::string& path);

struct Launched {
    Keeper keeper;      // with the program
    UniqueFd listener;  // of the filter, close-on-exec
};

// Forks, installs the filter and executes, as a child of a keeper that ends the program and all it
// started when this process ends. The supervisor's own descriptors are all close-on-exec.
//
// Before it executes, the child calls socket(AF_VSOCK) once, to find out whether a filter further
// out, a container's, answers in the supervisor's place.
//
// `notifies_exec` says that the filter was made with FilterOptions::exec. `tracer` traces the
// program where the filter was made with FilterOptions::relabels; null elsewhere.
//
// Errors: those of obstacle.h if supervision is not possible; ENOENT, EACCES and similar ones if
// the program cannot be executed.
[[nodiscard]] Result<Launched> launch(const Program& program,
                                      const std::vector<sock_filter>& filter,
                                      bool notifies_exec = false, Tracer* tracer = nullptr);

struct SupervisionFeatures {
    bool wakes_up_synchronously = false;  // Linux 6.6 and later
};
// Whether launch() would succeed, tried on a child that executes nothing. Errors as launch().
[[nodiscard]] Result<SupervisionFeatures> probe_supervision(const std::vector<sock_filter>& filter,
                                                            Tracer* tracer = nullptr);

// Makes the calling process adopt the orphans of its descendants, so that a filter's supervisor
// lives as long as any process under the filter.
[[nodiscard]] Result<void> become_subreaper();

}  // namespace glovebox::supervisor
