// SPDX-License-Identifier: Apache-2.0

// `glovebox exec`: a command inside a running enclave, for debugging. Nitro has nothing like it.
//
// The command joins the namespaces, the root and the working directory of the enclave's program,
// with the program's environment and no capability that the program lacks, and shares the caller's
// terminal. It is not under the program's supervisor: it has no AF_VSOCK (EAFNOSUPPORT) and no
// /dev/nsm, it is not in the enclave's memory cgroup, and the enclave ends without waiting for it.
#pragma once

#include <string>
#include <vector>

#include "core/base/error.h"
#include "sim/enclave/record.h"

namespace glovebox::enclave {

// Runs the command to its end; its exit status, or 128 and the signal that killed it; 127 and 126
// as env(1) has them. For a process with one thread, which is in another user namespace afterwards.
// Errors: the enclave has no sandbox, or has ended, or may not be entered.
[[nodiscard]] Result<int> execute_in(const EnclaveRecord& record,
                                     const std::vector<std::string>& command);

}  // namespace glovebox::enclave
