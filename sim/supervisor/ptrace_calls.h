// SPDX-License-Identifier: Apache-2.0

// ptrace(2) on x86-64, with its numbers and addresses as what they are.
#pragma once

#include <elf.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>

#include <cstdint>

namespace glovebox::supervisor {

inline constexpr std::uint64_t syscall_bytes = 2;  // of the instruction: 0f 05
// In orig_rax: what is in rax is not what a system call returned.
inline constexpr std::uint64_t no_restart = ~std::uint64_t{0};
inline constexpr int system_call_stop = SIGTRAP | 0x80;  // PTRACE_O_TRACESYSGOOD

// It takes numbers and addresses alike as pointers.
inline void* number(std::uint64_t value) {
    return reinterpret_cast<void*>(value);  // NOLINT(performance-no-int-to-ptr)
}

inline long trace(int request, pid_t thread, void* address, void* data) {
    return ::ptrace(static_cast<__ptrace_request>(request), thread, address, data);
}

// PTRACE_GETREGSET or PTRACE_SETREGSET.
inline bool move_registers(int request, pid_t thread, user_regs_struct& registers) {
    iovec part{&registers, sizeof registers};
    return trace(request, thread, number(NT_PRSTATUS), &part) == 0;
}

}  // namespace glovebox::supervisor
