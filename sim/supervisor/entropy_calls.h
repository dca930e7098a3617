// SPDX-License-Identifier: Apache-2.0

// The ioctls of /dev/random by which an enclave's root, as kmstool before its first key, credits
// the kernel with entropy. This machine's pool needs none, and is nobody's to clear.
#pragma once

#include <optional>

#include "sim/supervisor/enclave_root.h"
#include "sim/supervisor/notices.h"
#include "sim/supervisor/system_call.h"
#include "sim/supervisor/tracee.h"

namespace glovebox::supervisor {

class EntropyCalls {
  public:
    // What is given by reference outlives it.
    EntropyCalls(const EnclaveRoot& root, Notices& notices) : root_(root), notices_(notices) {}

    // Nothing for other ioctls and other files.
    [[nodiscard]] std::optional<SyscallReply> answer(const SystemCall& call, Tracee& tracee);

  private:
    const EnclaveRoot& root_;
    Notices& notices_;
};

}  // namespace glovebox::supervisor
