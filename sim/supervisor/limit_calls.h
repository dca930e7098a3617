// SPDX-License-Identifier: Apache-2.0

// setrlimit, getrlimit and prlimit64 of an enclave's programs, who are root there and may raise
// every limit.
//
// A limit that this machine has no more of is given as far as it goes, and told as it was set. The
// kernel's hard limits are left as they are where root lowers one, so that it may raise it again,
// and it is the supervisor that refuses those who are not root. They lower the kernel's.
#pragma once

#include <optional>

#include "sim/supervisor/enclave_root.h"
#include "sim/supervisor/notices.h"
#include "sim/supervisor/root_state.h"
#include "sim/supervisor/system_call.h"
#include "sim/supervisor/tracee.h"

namespace glovebox::supervisor {

class LimitCalls {
  public:
    // What is given by reference outlives it.
    LimitCalls(const EnclaveRoot& root, RootStates& states, Notices& notices)
        : root_(root), states_(states), notices_(notices) {}

    [[nodiscard]] static bool handles(int number);
    [[nodiscard]] SyscallReply answer(const SystemCall& call, Tracee& tracee);

  private:
    struct Held;
    [[nodiscard]] SyscallReply set(const SystemCall& call, Tracee& tracee, Held& held,
                                   const rlimit& wanted, std::uint64_t old_at);
    // Says why a limit can't be what it would be in an enclave.
    void tell_of_shortage();
    void tell(int resource, const rlimit& wanted, const rlimit& held);

    const EnclaveRoot& root_;
    RootStates& states_;
    Notices& notices_;
};

// Whether this machine limits the stack. An enclave does not: its hard limit is infinite. Where the
// machine's is too, all calls about it are the kernel's, since every program reads it as it starts.
[[nodiscard]] bool has_stack_limit();

}  // namespace glovebox::supervisor
