// SPDX-License-Identifier: Apache-2.0

// What this machine can do for Glovebox (`glovebox doctor`): facts, and the conclusions from them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/base/container.h"
#include "core/base/error.h"
#include "core/base/finding.h"
#include "sim/supervisor/launch.h"

namespace glovebox::enclave {

// `namespaces`, `kvm`, `vsock` and `nsm` are the errno of an attempt, 0 if it worked.
struct Machine {
    std::string kernel;  // as `uname -r` has it
    bool is_root = false;
    std::optional<Container> container{};
    Result<supervisor::SupervisionFeatures> supervision = supervisor::SupervisionFeatures{};
    bool relabels = false;  // another filter denies AF_VSOCK, and supervision traces (tracer.h)
    // What the supervisor does to a program's process: its memory read, a descriptor of it taken.
    Result<void> reach = Result<void>();
    int ptrace_scope = 0;                   // Yama's; 0 without Yama
    int namespaces = 0;                     // unshare of a user, mount, PID and network namespace
    Result<void> sandbox = Result<void>();  // one set up, for a command
    bool apparmor_restricts_namespaces = false;  // kernel.apparmor_restrict_unprivileged_userns
    bool sysctl_forbids_namespaces = false;      // kernel.unprivileged_userns_clone = 0
    int kvm = 0;                                 // opening /dev/kvm
    bool virtualizing_processor = true;  // vmx or svm in /proc/cpuinfo; always true on arm64
    int vsock = 0;                       // an AF_VSOCK socket, made where there is a /dev/vsock
    int nsm = 0;                         // opening a real /dev/nsm

    // Reads files and tries calls, some of them in a child. Connects to nothing, and loads no
    // module.
    [[nodiscard]] static Machine look();
};

// In the order of printing. The first one decides whether `glovebox run` works.
[[nodiscard]] std::vector<Finding> judge(const Machine& machine);

}  // namespace glovebox::enclave
