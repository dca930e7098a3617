// SPDX-License-Identifier: Apache-2.0

// What root in an enclave does with file systems and this machine does not let the root of a user
// namespace do:
//
// - mknod of a device that the sandbox has: a file to which the sandbox's own node is bound.
// - chmod and chown of a device's node, which is this machine's: they succeed and change nothing.
// - mount of procfs, where the sandbox's root is the machine's: read-only, as the sandbox's own.
#pragma once

#include <optional>

#include "sim/supervisor/enclave_root.h"
#include "sim/supervisor/notices.h"
#include "sim/supervisor/system_call.h"
#include "sim/supervisor/tracee.h"

namespace glovebox::supervisor {

inline constexpr int call_fchmodat2 = 452;  // the same on every architecture but Alpha

class NodeCalls {
  public:
    // What is given by reference outlives it.
    NodeCalls(const EnclaveRoot& root, Notices& notices) : root_(root), notices_(notices) {}

    [[nodiscard]] static bool handles(int number);
    // Empty where the kernel is to answer.
    [[nodiscard]] std::optional<SyscallReply> answer(const SystemCall& call, Tracee& tracee);

  private:
    [[nodiscard]] std::optional<SyscallReply> make(const SystemCall& call, Tracee& tracee);
    [[nodiscard]] std::optional<SyscallReply> change(const SystemCall& call, Tracee& tracee);
    [[nodiscard]] std::optional<SyscallReply> mount(const SystemCall& call, Tracee& tracee);

    const EnclaveRoot& root_;
    Notices& notices_;
};

}  // namespace glovebox::supervisor
