// SPDX-License-Identifier: Apache-2.0

// A whole sandbox as a value: its users, its mounts, its program. Pure functions make it from a
// request and the facts of a machine (command_plan.h, root_fs_plan.h); Sandbox::start carries it
// out.
#pragma once

#include <sys/resource.h>
#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/sandbox/id_mapping.h"
#include "sim/sandbox/step.h"

namespace glovebox::sandbox {

struct ResourceLimit {
    int resource = 0;  // RLIMIT_NOFILE, ...
    rlim_t soft = 0;
    rlim_t hard = RLIM_INFINITY;
    bool operator==(const ResourceLimit&) const = default;
};

struct SandboxPlan {
    IdMapping ids;
    std::vector<Step> steps;

    // The program is started as by execvpe(arguments[0], arguments, environment), except that a
    // name without '/' is searched in `search_path`, which may differ from the environment's PATH.
    std::vector<std::string> arguments;
    std::vector<std::string> environment;  // "NAME=value"
    std::string search_path;
    std::string working_directory = "/";
    mode_t umask = 022;
    std::vector<ResourceLimit> limits;

    // Memory is limited by a cgroup if possible, see Sandbox::shortfalls.
    std::optional<std::uint64_t> memory_bytes;
    std::vector<int> cpus;  // the CPUs that it may run on; empty: all of the caller's

    // Whether the program is PID 1 itself, an image's own init: it is executed as the kernel
    // executes init, without a search path or a shell. Its end is the sandbox's.
    bool program_is_init = false;

    // Whether PID 1 prints "child exited with error" on the console, as AWS's init does.
    bool like_aws_init = false;

    // What this machine cannot provide, a sentence each; `shortfalls` are the things that the
    // caller asked for.
    std::vector<std::string> notes;
    std::vector<std::string> shortfalls;
};

}  // namespace glovebox::sandbox
