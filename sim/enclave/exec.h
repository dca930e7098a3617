// SPDX-License-Identifier: Apache-2.0

// `glovebox exec`: runs a command inside a running enclave, for debugging. Nitro offers no such
// thing.
//
// The command joins the namespaces, the root and the working directory of the enclave's program. It
// has the program's environment, no capability that the program lacks, and the caller's terminal.
// It is not under the program's supervisor, so it has no AF_VSOCK (EAFNOSUPPORT) and no /dev/nsm.
// It is not in the enclave's memory cgroup, and the enclave ends without waiting for it.
#pragma once

#include <string>
#include <vector>

#include "core/base/error.h"
#include "sim/enclave/record.h"

namespace glovebox::enclave {

// Runs the command to its end. Returns its exit status, or 128 and the signal that killed it; 127
// if it is not found and 126 if it cannot be executed. Errors: the enclave has no sandbox, has
// ended, or cannot be entered.
//
// The process has one thread, and is in another user namespace afterwards. It first executes itself
// again, from a sealed copy of its file with the same arguments: call it before anything that must
// not happen twice.
[[nodiscard]] Result<int> execute_in(const EnclaveRecord& record,
                                     const std::vector<std::string>& command);

}  // namespace glovebox::enclave
