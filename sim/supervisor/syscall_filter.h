// SPDX-License-Identifier: Apache-2.0

// The seccomp filter: which system calls of the supervised programs are notified. Everything else,
// and with it every byte of data, runs at the kernel's own speed.
//
// A filter sees numbers, not the memory behind pointers and not the kind of a descriptor. So
// socket() is notified by its family alone, options by their level, ioctl by its number; but bind,
// connect, accept, shutdown, getsockname and getpeername are notified for every socket, and the
// opens and stats that could name /dev/nsm for every path. For other descriptors and paths the
// supervisor answers "go on".
#pragma once

#include <linux/filter.h>

#include <vector>

#include "core/base/error.h"
#include "core/base/unique_fd.h"

namespace glovebox::supervisor {

struct FilterOptions {
    bool nsm = true;  // an enclave: notify what /dev/nsm needs (stat family, all odd ioctls)
    // A sandbox: what of the machine's kernel no namespace divides is refused. Keys (keyrings(7))
    // know a user by the user ID alone, so that those of whoever started the enclave would lie
    // open: ENOSYS, as on a kernel that has no keys. The kernel's log: EPERM, as where a sysctl
    // restricts it.
    bool sandbox = false;
    bool init = false;  // an image's own init: notify its mounts and modules (init_mounts.h)
    bool root = false;  // an enclave: notify what RootCalls answers
    // ... and reads of RLIMIT_STACK, which every program makes as it starts: needed only where this
    // machine has_stack_limit().
    bool stack_limit = false;
    bool exec = false;  // notify execve: SetuidNotice
    // Where a container's filter denies socket(AF_VSOCK): the call is trapped, for a tracer
    // (tracer.h), and what the tracer makes of it is notified.
    bool relabels = false;
};

// The BPF program of the machine that this runs on. io_uring_setup fails with ENOSYS in it, since a
// filter does not see the operations of a ring; calls of a foreign architecture are notified, to be
// refused with a message.
[[nodiscard]] Result<std::vector<sock_filter>> make_filter(const FilterOptions& options);

// Installs the program in the calling thread and returns its listener, or a negative errno value.
// Between fork and exec: calls nothing but system calls. no_new_privs is set only where the kernel
// asks for it (without CAP_SYS_ADMIN), so that sudo goes on working for root. EBUSY means that a
// filter with a listener is in force already.
[[nodiscard]] int install_filter(const std::vector<sock_filter>& program) noexcept;

// A program that answers socket(AF_VSOCK) with this errno value, and nothing else: for a command
// beside a supervised one, and for tests of what a container runtime does.
[[nodiscard]] Result<std::vector<sock_filter>> make_denying_filter(int errno_value);

}  // namespace glovebox::supervisor
