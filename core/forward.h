// SPDX-License-Identifier: Apache-2.0

// The forwarder: TCP to vsock, in an enclave or on the parent.
//
//   in an enclave: program --TCP on lo--> Forward --vsock--> the parent's proxy
//   on the parent: client  --TCP-->       Forward --vsock--> an enclave's port
//
// An enclave's `lo` is down when it boots; a route that listens on a loopback address brings it up.
// A route to a CONNECT proxy serves HTTPS_PROXY: it passes the head on unchanged, and answers with
// an HTTP error if the proxy cannot be reached.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstddef>
#include <list>
#include <map>
#include <memory>

#include "core/acceptor.h"
#include "core/base/error.h"
#include "core/base/log.h"
#include "core/connection_group.h"
#include "core/forward_route.h"
#include "core/hop_resets.h"
#include "core/pipe_pool.h"
#include "core/relay.h"
#include "core/slots.h"
#include "core/transport.h"

namespace glovebox::core {

struct ForwardOptions {
    RelayOptions relay;
    std::chrono::milliseconds connect_timeout{5000};  // for the vsock side
    std::chrono::milliseconds grace{5000};            // for open connections when it stops
    std::size_t connections_max = 10000;              // further ones wait in the backlog
};

class Forward {
  public:
    // All run on the executor, which is not run by several threads at once, and outlive the
    // forwarder.
    Forward(boost::asio::any_io_executor executor, Transport& transport, PipePool& pipes, Log& log,
            ForwardOptions options = {});

    // Starts to listen and returns the local endpoint. Errors: errno's, and
    // ProxyError::not_permitted if `lo` is down and this process may not bring it up.
    [[nodiscard]] Result<boost::asio::ip::tcp::endpoint> listen(const ForwardRoute& route);

    // Serves until stop() and the last connection's end.
    [[nodiscard]] boost::asio::awaitable<void> run();

    // Closes the listeners and gives open connections the grace time; a second call ends them now.
    void stop();

  private:
    struct Hop {
        std::shared_ptr<HopResets> resets = std::make_shared<HopResets>();
        bool asking = false;
        std::chrono::steady_clock::time_point ask_again{};
    };
    struct Admitted {
        Stream client;
        boost::asio::ip::tcp::endpoint peer;
        Slots::Ticket ticket;
    };

    boost::asio::awaitable<Result<Admitted>> accept_with_slot(Acceptor& acceptor,
                                                              Slots::Listener place);
    boost::asio::awaitable<void> serve(Admitted admitted, ForwardRoute route);
    // The relay at that address, with a channel for resets if it accepts one.
    boost::asio::awaitable<std::shared_ptr<HopResets>> hop_to(VsockAddress address);

    boost::asio::any_io_executor executor_;
    Transport& transport_;
    PipePool& pipes_;
    Log& log_;
    ForwardOptions options_;
    Slots slots_;
    std::list<Acceptor> acceptors_;
    std::map<VsockAddress, Hop> hops_;
    ConnectionGroup accept_loops_;
    ConnectionGroup channels_;
    ConnectionGroup connections_;
    boost::asio::steady_timer asked_;    // never fires; cancelled when a hop has been asked
    boost::asio::steady_timer stopped_;  // never fires; cancelled by stop()
    bool stopping_ = false;
};

}  // namespace glovebox::core
