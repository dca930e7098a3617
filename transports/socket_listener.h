// SPDX-License-Identifier: Apache-2.0

// A listening socket of any family as a core::Listener, for UnixTransport and VsockTransport.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <memory>

#include "core/base/unique_fd.h"
#include "core/transport.h"

namespace glovebox::transports {

class SocketListener final : public core::Listener {
  public:
    using PeerOf = std::function<core::VsockAddress(int socket)>;
    using BeforeClose = std::function<void(int socket)>;

    // `listening` is a stream socket of `family`, non-blocking and listening. `peer_of` reads the
    // peer's address of an accepted one; `before_close` is called once, while the socket is still
    // open.
    SocketListener(const boost::asio::any_io_executor& executor, int family, UniqueFd listening,
                   core::VsockAddress local, PeerOf peer_of, BeforeClose before_close = {});
    ~SocketListener() override;

    [[nodiscard]] boost::asio::awaitable<Result<core::Connection>> accept() override;
    [[nodiscard]] core::VsockAddress local() const override;
    void close() override;

  private:
    // Shared with a pending accept(), which outlives a listener that is destroyed under it.
    struct State;
    std::shared_ptr<State> state_;
};

// A connected, non-blocking stream socket of `family` as a Stream. Takes ownership of `connected`.
[[nodiscard]] Result<core::Stream> make_stream(const boost::asio::any_io_executor& executor,
                                               int family, UniqueFd connected);

}  // namespace glovebox::transports
