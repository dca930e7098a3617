// SPDX-License-Identifier: Apache-2.0

// The sandbox of an image whose init is not AWS's: the ramdisks are the root, and their init is
// PID 1, as on Nitro.
//
//   the root is entered    here an overlay of the unpacked ramdisks: writable, discarded at the end
//   /dev, /proc, /sys      made before init, unlike on Nitro: a program can't mount a devtmpfs in a
//                          user namespace. Where init mounts them, the supervisor answers
//   init is executed       with the kernel's arguments and environment
#pragma once

#include <string>
#include <vector>

#include "core/base/error.h"
#include "sim/sandbox/enclave_steps.h"
#include "sim/sandbox/machine.h"
#include "sim/sandbox/sandbox_plan.h"
#include "sim/sandbox/trust.h"

namespace glovebox::sandbox {

struct InitRequest {
    std::string directory;  // the unpacked ramdisks; absolute
    std::string init;       // its path in them: "/init"
    std::vector<std::string> environment;
    EnclaveResources resources;
};

// Where programs look for authorities: in the ramdisks themselves, and in the folder /rootfs, which
// builders give to the application.
struct InitFacts {
    TrustPlaces trust;
    TrustPlaces trust_of_rootfs;
};
[[nodiscard]] InitFacts read_init_facts(const std::string& directory);

[[nodiscard]] SandboxPlan make_init_plan(const InitRequest& request, const InitFacts& facts,
                                         const Machine& machine);

}  // namespace glovebox::sandbox
