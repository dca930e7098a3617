// SPDX-License-Identifier: Apache-2.0

// The SIGPIPE handler that a program with emulated sockets gets, as bytes for a page of its memory.
//
// A write to an AF_UNIX socket whose peer is gone raises SIGPIPE, a write to a vsock does not
// (Linux 6.1, as AWS's enclave kernels; 6.12 does). The handler looks at what was interrupted: a
// call with an emulated socket as its descriptor goes on, with its EPIPE. Otherwise the program's
// own handler is called, or the signal does what it does by default.
#pragma once

#include <cstdint>

#include "core/base/bytes.h"

namespace glovebox::supervisor::sigpipe_handler {

// Where the two pages are in every program: the code, and behind it the data. A place that neither
// the kernel nor allocators use of themselves.
inline constexpr std::uint64_t page_bytes = 4096;
inline constexpr std::uint64_t code_address = 0x676c'6f76'0000;
inline constexpr std::uint64_t data_address = code_address + page_bytes;

// As rt_sigaction(2) has it, which is not the C library's struct.
struct KernelAction {
    std::uint64_t handler;
    std::uint64_t flags;
    std::uint64_t restorer;
    std::uint64_t mask;

    bool operator==(const KernelAction&) const = default;
};

// The data page: what the program has set itself, and room for the arguments of rt_sigaction.
inline constexpr std::uint64_t own_action_address = data_address;
inline constexpr std::uint64_t new_action_address = data_address + sizeof(KernelAction);
inline constexpr std::uint64_t old_action_address = data_address + 2 * sizeof(KernelAction);

// The code begins with it.
inline constexpr std::uint64_t mark = 0x65706970'6b726d67;  // "gmrkpipe"
// A fifth argument, which rt_sigaction ignores: such a call is not notified (syscall_filter.h).
inline constexpr std::uint64_t pass_argument = 0x676c'6f76'6562'6f78;

// Position-independent; empty where there is none for this architecture.
[[nodiscard]] BytesView code();

// The kernel's action for one that the program sets. The data page must hold `programs` before the
// kernel knows of it, unless it is SIG_DFL or SIG_IGN.
[[nodiscard]] KernelAction to_kernel(const KernelAction& programs);
// What the program has set, from what the kernel knows and the data page holds.
[[nodiscard]] KernelAction to_program(const KernelAction& kernels, const KernelAction& own);
// Whether to_kernel() puts this handler before the program's.
[[nodiscard]] bool is_forwarded(const KernelAction& programs);

}  // namespace glovebox::supervisor::sigpipe_handler
