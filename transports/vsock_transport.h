// SPDX-License-Identifier: Apache-2.0

// The real AF_VSOCK behind the transport seam: on Nitro, on either side, and in any virtual machine
// with a vsock device. Who reaches whom is the kernel's and the hypervisor's affair, and so are the
// errors: ENODEV where there is no device, ECONNRESET, ETIMEDOUT after two seconds of silence
// (SO_VM_SOCKETS_CONNECT_TIMEOUT).
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <memory>

#include "core/transport.h"

namespace glovebox::transports {

class VsockTransport final : public core::Transport {
  public:
    // `own` is what local_cid() answers and what connections give as their local CID; it decides
    // nothing (local_vsock_cid() reads it).
    VsockTransport(boost::asio::any_io_executor executor, core::Cid own);

    // As Transport has it, and the CID any is the kernel's VMADDR_CID_ANY: own and local.
    [[nodiscard]] Result<std::unique_ptr<core::Listener>> listen(
        core::VsockAddress address) override;
    [[nodiscard]] boost::asio::awaitable<Result<core::Connection>> connect(
        core::VsockAddress address) override;
    [[nodiscard]] core::Cid local_cid() const override { return own_; }

  private:
    boost::asio::any_io_executor executor_;
    core::Cid own_;
};

// The machine's own CID as /dev/vsock tells it (IOCTL_VM_SOCKETS_GET_LOCAL_CID); `otherwise` where
// it can't be asked (the device is root's on some machines) or says any. A label for logs:
// hypervisors other than Nitro hand out CID 3 too, so nothing may be decided by it.
[[nodiscard]] core::Cid local_vsock_cid(core::Cid otherwise);

}  // namespace glovebox::transports
