// SPDX-License-Identifier: Apache-2.0

// A transport whose listening sockets were open before this process began: a service manager's, or
// those of the process that this one replaces.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <memory>

#include "core/service/service_manager.h"
#include "core/stream/transport.h"
#include "transports/hybrid_transport.h"

namespace glovebox::transports {

class InheritedListeners final : public core::Transport {
  public:
    // listen() takes the inherited socket that has the port as its name ("8000"), or that is of
    // AF_VSOCK and has the port; with guests, one for each (guest_listener_name()). Where there is
    // none, and for connect(), it is `otherwise`'s. Listeners are on `executor`. An inherited
    // AF_UNIX socket keeps its name when it is closed: whoever made it removes it.
    InheritedListeners(boost::asio::any_io_executor executor,
                       std::unique_ptr<core::Transport> otherwise,
                       std::shared_ptr<core::InheritedSockets> sockets, HybridGuests guests);

    [[nodiscard]] Result<std::unique_ptr<core::Listener>> listen(
        core::VsockAddress address) override;
    [[nodiscard]] boost::asio::awaitable<Result<core::Connection>> connect(
        core::VsockAddress address, std::chrono::milliseconds patience) override;
    [[nodiscard]] core::Cid local_cid() const override;

  private:
    // Null if there is no socket for any guest.
    Result<std::unique_ptr<core::Listener>> listen_for_guests(core::Port port);

    boost::asio::any_io_executor executor_;
    std::unique_ptr<core::Transport> otherwise_;
    std::shared_ptr<core::InheritedSockets> sockets_;
    HybridGuests guests_;
};

}  // namespace glovebox::transports
