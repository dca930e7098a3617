// SPDX-License-Identifier: Apache-2.0

// The Unix transport: (cid, port) as a socket in a world's directory (world.h). It needs no
// privilege, kernel module or second machine.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <memory>

#include "core/stream/transport.h"
#include "transports/world.h"

namespace glovebox::transports {

class UnixTransport final : public core::Transport {
  public:
    // Listeners are on `executor`. `own` is cid_parent, an enclave's CID, or cid_hypervisor for the
    // server of the consoles. `privileged`: whether ports below 1024 may be bound
    // (may_bind_privileged_ports()).
    UnixTransport(boost::asio::any_io_executor executor, std::shared_ptr<World> world,
                  core::Cid own, bool privileged);

    [[nodiscard]] Result<std::unique_ptr<core::Listener>> listen(
        core::VsockAddress address) override;
    // Completes at once: a Unix socket is connected or refused within connect(2).
    [[nodiscard]] boost::asio::awaitable<Result<core::Connection>> connect(
        core::VsockAddress address, std::chrono::milliseconds patience) override;
    [[nodiscard]] core::Cid local_cid() const override { return own_; }

  private:
    boost::asio::any_io_executor executor_;
    std::shared_ptr<World> world_;
    core::Cid own_;
    bool privileged_;
};

// Whether this process has CAP_NET_BIND_SERVICE, which Linux requires to bind a vsock port below
// 1024. In an enclave every program is root and has it.
[[nodiscard]] bool may_bind_privileged_ports(core::Cid own);

}  // namespace glovebox::transports
