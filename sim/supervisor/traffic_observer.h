// SPDX-License-Identifier: Apache-2.0

// Who counts the bytes of connections, where they are counted at all (--trace): without it, data is
// the kernel's affair alone.
#pragma once

#include "core/address/vsock_address.h"
#include "core/base/unique_fd.h"

namespace glovebox::supervisor {

class TrafficObserver {
  public:
    virtual ~TrafficObserver() = default;

    // Who called connect(2): the supervised program, or the other side.
    enum class ConnectedBy { program, peer };

    // Moves bytes between two connected stream sockets until both ends have finished: `near` leads
    // to the supervised program, `far` to its peer. Returns at once; safe from any thread.
    virtual void relay(UniqueFd near, core::VsockAddress local, UniqueFd far,
                       core::VsockAddress peer, ConnectedBy connected_by) = 0;
};

}  // namespace glovebox::supervisor
