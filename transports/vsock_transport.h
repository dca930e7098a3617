// SPDX-License-Identifier: Apache-2.0

// The kernel's AF_VSOCK as a core::Transport: on Nitro, on either side, and in any virtual machine
// with a vsock device. The kernel and the hypervisor decide which CID reaches which, and the
// errors: ENODEV without a device, ECONNRESET, ETIMEDOUT after two seconds of silence
// (SO_VM_SOCKETS_CONNECT_TIMEOUT).
#pragma once

#include <sys/socket.h>

#include <boost/asio/any_io_executor.hpp>
#include <memory>

#include "core/stream/acceptor.h"
#include "core/stream/transport.h"

namespace glovebox::transports {

class VsockTransport final : public core::Transport {
  public:
    // Listeners are on `executor`. `own` is the result of local_cid() and the local CID of
    // connections. It is only a label (local_vsock_cid() reads it).
    VsockTransport(boost::asio::any_io_executor executor, core::Cid own);

    // As in Transport; the CID any is the kernel's VMADDR_CID_ANY: own and local.
    [[nodiscard]] Result<std::unique_ptr<core::Listener>> listen(
        core::VsockAddress address) override;
    [[nodiscard]] boost::asio::awaitable<Result<core::Connection>> connect(
        core::VsockAddress address, std::chrono::milliseconds patience) override;
    [[nodiscard]] core::Cid local_cid() const override { return own_; }

  private:
    boost::asio::any_io_executor executor_;
    core::Cid own_;
};

// The address of an accepted connection's peer, as accept(2) has it; empty of another family.
[[nodiscard]] core::VsockAddress vsock_peer_of(const core::Accepted& accepted);

// The machine's own CID from /dev/vsock (IOCTL_VM_SOCKETS_GET_LOCAL_CID); `otherwise` if the device
// cannot be opened (on some machines only root may) or returns any. A label for logs: other
// hypervisors assign CID 3 too, so no decision may depend on it.
[[nodiscard]] core::Cid local_vsock_cid(core::Cid otherwise);

}  // namespace glovebox::transports
