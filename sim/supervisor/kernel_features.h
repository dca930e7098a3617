// SPDX-License-Identifier: Apache-2.0

// What the kernel of AWS's enclaves is built without and a distribution's has: kinds of sockets,
// file systems, system calls. In a sandbox they fail as they do on that kernel.
//
// The table follows the configurations that AWS publishes for both architectures, Linux 6.6, in
// aws-nitro-enclaves-sdk-bootstrap, kernel/microvm-kernel-config-*; docs/enclave_kernel.md has it.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "sim/supervisor/enclave_root.h"
#include "sim/supervisor/notices.h"
#include "sim/supervisor/system_call.h"
#include "sim/supervisor/tracee.h"

namespace glovebox::supervisor {

// One kind of sockets, as socket(2)'s arguments name it, that fails with `errno_value`; with
// ESOCKTNOSUPPORT for a type that only this kind has.
struct AbsentSocket {
    int family = 0;
    int protocol = any;  // of the family; `any` for all of them
    int errno_value = 0;
    std::string_view option;  // the kernel's, that is not set
    std::string_view use;     // what programs want it for

    static constexpr int any = -1;
};
[[nodiscard]] std::span<const AbsentSocket> absent_sockets();

// Calls that fail with ENOSYS.
[[nodiscard]] std::span<const int> absent_calls();

inline constexpr int call_fsopen = 430;  // the same on every architecture but Alpha

// Of mount(2) and fsopen(2): ENODEV.
[[nodiscard]] std::span<const std::string_view> absent_file_systems();

class KernelFeatures {
  public:
    // The notices outlive it.
    explicit KernelFeatures(Notices& notices) : notices_(notices) {}

    // Nothing for what an enclave's kernel has.
    [[nodiscard]] std::optional<SyscallReply> answer(const SystemCall& call, Tracee& tracee);

  private:
    [[nodiscard]] std::optional<SyscallReply> file_system(Tracee& tracee, std::uint64_t name_at);
    [[nodiscard]] std::optional<SyscallReply> option(const SystemCall& call, Tracee& tracee);

    Notices& notices_;
};

}  // namespace glovebox::supervisor
