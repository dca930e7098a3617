// SPDX-License-Identifier: Apache-2.0

// A listening socket of any family as a core::Listener, for UnixTransport and VsockTransport.
#pragma once

#include <functional>
#include <memory>

#include "core/acceptor.h"
#include "core/transport.h"

namespace glovebox::transports {

class SocketListener final : public core::Listener {
  public:
    using PeerOf = core::VsockAddress (*)(const sockaddr_storage& peer, socklen_t size);
    using BeforeClose = std::function<void(int socket)>;

    // `acceptor` is of a stream socket. `peer_of` reads the address of an accepted one's peer, as
    // accept(2) has it; `before_close` is called once, while the socket is still open.
    SocketListener(core::Acceptor acceptor, core::VsockAddress local, PeerOf peer_of,
                   BeforeClose before_close = {});
    ~SocketListener() override;

    [[nodiscard]] boost::asio::awaitable<Result<core::Arrival>> next() override;
    [[nodiscard]] core::VsockAddress local() const override;
    void close() override;
    // Nothing is called before the close then.
    [[nodiscard]] int share() override;

  private:
    // With what it needs, since it may outlive the listener.
    [[nodiscard]] static boost::asio::awaitable<Result<core::Arrival>> accept_from(
        core::Acceptor acceptor, core::VsockAddress local, PeerOf peer_of);

    core::Acceptor acceptor_;
    core::VsockAddress local_;
    PeerOf peer_of_;
    BeforeClose before_close_;
};

}  // namespace glovebox::transports
