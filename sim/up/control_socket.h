// SPDX-License-Identifier: Apache-2.0

// The socket on which a world that runs is asked to stop, restart or reload a part
// (core/fault/client.h).
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/json/object.hpp>
#include <functional>
#include <memory>

#include "core/base/error.h"
#include "core/stream/acceptor.h"
#include "core/stream/connection_group.h"
#include "core/stream/stream.h"

namespace glovebox::up {

class ControlSocket {
  public:
    using Answer =
        std::function<boost::asio::awaitable<boost::json::object>(boost::json::object question)>;

    // `directory` is the world's and outlives it. Clients are served until finish(). Errors:
    // errno's.
    [[nodiscard]] static Result<std::unique_ptr<ControlSocket>> open(
        const boost::asio::any_io_executor& executor, int directory, Answer answer);
    ~ControlSocket();
    ControlSocket(const ControlSocket&) = delete;
    ControlSocket& operator=(const ControlSocket&) = delete;

    // Takes no further client, and returns when the last one is gone: each is cancelled.
    [[nodiscard]] boost::asio::awaitable<void> finish();

  private:
    ControlSocket(const boost::asio::any_io_executor& executor, int directory,
                  core::Acceptor acceptor, Answer answer);
    boost::asio::awaitable<void> serve(core::Stream client);

    int directory_;
    core::Acceptor acceptor_;
    Answer answer_;
    core::ConnectionGroup clients_;  // and the loop that accepts them
};

}  // namespace glovebox::up
