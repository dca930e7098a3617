// SPDX-License-Identifier: Apache-2.0

// Listening sockets of any family as a core::Listener, for every transport.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/stream/acceptor.h"
#include "core/stream/transport.h"

namespace glovebox::transports {

class SocketListener final : public core::Listener {
  public:
    using PeerOf = std::function<core::VsockAddress(const core::Accepted& accepted)>;
    using BeforeClose = std::function<void(int socket)>;
    using BeforeShare = std::function<void()>;

    // `acceptor` is of stream sockets. `peer_of` says who the peer of an accepted one is;
    // `before_close` is called once, while the socket is still open, and not after share(), which
    // calls `before_share`. `names` are for share(), one for each socket; a single socket's is its
    // port without them.
    SocketListener(core::Acceptor acceptor, core::VsockAddress local, PeerOf peer_of,
                   BeforeClose before_close = {}, std::vector<std::string> names = {},
                   BeforeShare before_share = {});
    ~SocketListener() override;

    [[nodiscard]] boost::asio::awaitable<Result<core::Arrival>> next() override;
    [[nodiscard]] core::VsockAddress local() const override;
    void close() override;
    [[nodiscard]] std::vector<core::SharedListener> share() override;

  private:
    // With what it needs, since it may outlive the listener.
    [[nodiscard]] static boost::asio::awaitable<Result<core::Arrival>> accept_from(
        core::Acceptor acceptor, core::VsockAddress local, PeerOf peer_of);

    core::Acceptor acceptor_;
    core::VsockAddress local_;
    PeerOf peer_of_;
    BeforeClose before_close_;
    std::vector<std::string> names_;
    BeforeShare before_share_;
};

}  // namespace glovebox::transports
