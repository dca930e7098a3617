// SPDX-License-Identifier: Apache-2.0

// The hybrid transport: virtual machines whose monitor leads their vsock device to Unix sockets of
// its host, as Firecracker, Cloud Hypervisor and vhost-device-vsock do. This side is the host,
// CID 2.
//
//   <path>         the monitor's socket. To reach a port of the guest, the host connects, writes
//                  "CONNECT 5005\n" and reads "OK 1073741824\n", whose number is its own port
//   <path>_8000    the host's socket. When a guest connects to (2, 8000), the monitor connects here
//
// What this convention does not say: the guest's port, which is port_any here, and its CID, which
// whoever names the path says. There is no port below which a privilege is needed.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "core/stream/transport.h"
#include "transports/socket_listener.h"

namespace glovebox::transports {

// The guests of a host: the path of each one's monitor, by CID.
using HybridGuests = std::map<core::Cid, std::string>;

struct HybridGuest {
    core::Cid cid;
    std::string path;

    bool operator==(const HybridGuest&) const = default;
};

// "16=/run/vm/v.sock". Errors: EINVAL, with the correct form.
[[nodiscard]] Result<HybridGuest> parse_hybrid_guest(std::string_view text);

// The name of a guest's socket for connections to a port of the host, when another process goes on
// with it: "8000.16".
[[nodiscard]] std::string guest_listener_name(core::Port port, core::Cid guest);

// The peer of a connection that was accepted at the sockets of these guests, in this order.
[[nodiscard]] SocketListener::PeerOf peer_by_guest(std::vector<core::Cid> guests);

class HybridTransport final : public core::Transport {
  public:
    HybridTransport(boost::asio::any_io_executor executor, HybridGuests guests);

    // Listens for each guest, at a socket of its own with the owner of its directory where this
    // process may give it away; a stale one is taken over.
    [[nodiscard]] Result<std::unique_ptr<core::Listener>> listen(
        core::VsockAddress address) override;
    // ENODEV for a CID without a guest, and for a guest whose monitor does not listen.
    [[nodiscard]] boost::asio::awaitable<Result<core::Connection>> connect(
        core::VsockAddress address, std::chrono::milliseconds patience) override;
    [[nodiscard]] core::Cid local_cid() const override { return core::cid_host; }

  private:
    boost::asio::any_io_executor executor_;
    HybridGuests guests_;
};

}  // namespace glovebox::transports
