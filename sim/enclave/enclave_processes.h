// SPDX-License-Identifier: Apache-2.0

// The processes of an enclave, without those that Glovebox has for it: the sandbox's PID 1, the
// keeper of a program without a sandbox, and the supervisor's helpers. Stopping or killing one of
// these would stop the supervisor, and leave the enclave as it is.
#pragma once

#include <sys/types.h>

#include <vector>

#include "sim/enclave/record.h"

namespace glovebox::enclave {

struct EnclaveProcess {
    pid_t process = 0;
    bool is_first = false;  // PID 1 of the enclave: an image's own init
};

// Each after its parent, in one look at /proc; one that begins meanwhile may be missing.
[[nodiscard]] std::vector<EnclaveProcess> list_enclave_processes(const EnclaveRecord& record);

}  // namespace glovebox::enclave
