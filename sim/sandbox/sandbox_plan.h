// SPDX-License-Identifier: Apache-2.0

// A whole sandbox as a value: who is who, what is mounted, what runs. Made by pure functions from a
// request and the facts of a machine (command_plan.h, root_fs_plan.h), carried out by
// Sandbox::start.
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
    rlim_t hard = 0;
    bool operator==(const ResourceLimit&) const = default;
};

struct SandboxPlan {
    IdMapping ids;
    std::vector<Step> steps;

    // execvpe(arguments[0], arguments, environment): a name without '/' is looked for in
    // `search_path`, which need not be the PATH of the environment.
    std::vector<std::string> arguments;
    std::vector<std::string> environment;  // "NAME=value"
    std::string search_path;
    std::string working_directory = "/";
    mode_t umask = 022;
    std::vector<ResourceLimit> limits;

    // What the enclave may use. Memory is held with a cgroup where one can be had, see
    // Sandbox::shortfalls.
    std::optional<std::uint64_t> memory_bytes;
    std::vector<int> cpus;  // CPU numbers; empty for all that the caller has

    // PID 1 says "child exited with error" on the console, as AWS's init does.
    bool like_aws_init = false;

    // What this machine can't give, a sentence each; and of that, what the caller has asked for.
    std::vector<std::string> notes;
    std::vector<std::string> shortfalls;
};

}  // namespace glovebox::sandbox
