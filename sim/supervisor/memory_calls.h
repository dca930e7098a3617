// SPDX-License-Identifier: Apache-2.0

// mlock, mlock2, mlockall and sysinfo of an enclave's programs: root there locks as much memory as
// there is, and the memory is the enclave's.
//
// What this machine does not lock stays as it is; a program sees no difference, but for swap, which
// an enclave has none of.
#pragma once

#include <cstdint>
#include <optional>

#include "sim/supervisor/enclave_root.h"
#include "sim/supervisor/notices.h"
#include "sim/supervisor/root_state.h"
#include "sim/supervisor/system_call.h"
#include "sim/supervisor/tracee.h"

namespace glovebox::supervisor {

class MemoryCalls {
  public:
    // What is given by reference outlives it. `memory_bytes` is the enclave's memory, for sysinfo;
    // empty: the machine's.
    MemoryCalls(const EnclaveRoot& root, const RootStates& states, Notices& notices,
                std::optional<std::uint64_t> memory_bytes)
        : root_(root), states_(states), notices_(notices), memory_bytes_(memory_bytes) {}

    [[nodiscard]] static bool handles(int number);
    [[nodiscard]] SyscallReply answer(const SystemCall& call, Tracee& tracee);

  private:
    [[nodiscard]] SyscallReply lock(const SystemCall& call);
    [[nodiscard]] SyscallReply lock_all(const SystemCall& call);
    [[nodiscard]] SyscallReply tell_memory(const SystemCall& call, Tracee& tracee) const;
    void tell(rlim_t held);

    const EnclaveRoot& root_;
    const RootStates& states_;
    Notices& notices_;
    std::optional<std::uint64_t> memory_bytes_;
};

// Whether all of [begin, end) is mapped, by the text of /proc/PID/maps.
[[nodiscard]] bool is_mapped(std::string_view maps, std::uint64_t begin, std::uint64_t end);

}  // namespace glovebox::supervisor
