// SPDX-License-Identifier: Apache-2.0

// What this machine can do for Glovebox: facts looked up once, and what follows from them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "sim/supervisor/launch.h"

namespace glovebox::enclave {

// An errno value where something was tried, 0 when it worked.
struct Machine {
    std::string kernel;  // as `uname -r` has it
    bool is_root = false;
    std::optional<std::string> container;  // the file that says so
    Result<supervisor::SupervisionFeatures> supervision = supervisor::SupervisionFeatures{};
    int ptrace_scope = 0;  // Yama's; 0 without Yama
    int namespaces = 0;    // unshare of a user, mount, PID and network namespace
    bool apparmor_restricts_namespaces = false;  // kernel.apparmor_restrict_unprivileged_userns
    bool sysctl_forbids_namespaces = false;      // kernel.unprivileged_userns_clone = 0
    int kvm = 0;                                 // opening /dev/kvm
    bool virtualizing_processor = true;  // vmx or svm in /proc/cpuinfo; always true on arm64
    bool vsock_device = false;           // /dev/vsock, which is not opened; no simulated one
    bool nsm_device = false;             // /dev/nsm, likewise

    // Reads files and tries calls. Opens no AF_VSOCK socket outside of Glovebox's filter, loads no
    // module.
    [[nodiscard]] static Machine look();
};

struct Finding {
    enum class State { yes, limited, no } state;
    std::string subject;
    std::string consequence;
    std::string remedy;  // the command that would change it; empty where nothing is to be done
};

// In the order in which they are printed; the first one decides whether `glovebox run` works.
[[nodiscard]] std::vector<Finding> judge(const Machine& machine);

}  // namespace glovebox::enclave
