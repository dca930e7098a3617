// SPDX-License-Identifier: Apache-2.0

// The listening AF_VSOCK sockets of this machine's kernel, in the network namespace of a process.
//
// The kernel tells of no change, so whoever waits for a listener asks again and again. It is asked
// by sock_diag(7), which needs the module vsock_diag.
#pragma once

#include <sys/types.h>

#include "core/address/vsock_address.h"
#include "core/base/error.h"
#include "core/base/unique_fd.h"

namespace glovebox::enclave {

class KernelListeners {
  public:
    // Joins the namespaces of the process for a moment, in a child. Errors: the process is gone, or
    // may not be joined.
    [[nodiscard]] static Result<KernelListeners> of(pid_t process);

    // Whether a stream socket listens on the port. An error if the kernel cannot be asked.
    [[nodiscard]] Result<bool> has(core::Port port) const;

  private:
    explicit KernelListeners(UniqueFd socket) : socket_(std::move(socket)) {}
    UniqueFd socket_;
};

}  // namespace glovebox::enclave
