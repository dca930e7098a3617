// SPDX-License-Identifier: Apache-2.0

// The forwarder: TCP to vsock, in an enclave or on the parent.
//
//   in an enclave: program --TCP on lo--> Forward --vsock--> the parent's proxy
//   on the parent: client  --TCP-->       Forward --vsock--> an enclave's port
//
// An enclave's `lo` is down when it boots; a route that listens on a loopback address brings it up.
// Clients from outside may have to be read before that (ingress/ingress.h): a listener that leads
// by name has many addresses to choose from.
// A route to a CONNECT proxy serves HTTPS_PROXY: it passes the head on unchanged, and answers with
// an HTTP error if the proxy cannot be reached. A way out asks such a proxy itself, for programs
// that know of no proxy (egress/egress.h).
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstddef>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/address/target.h"
#include "core/base/error.h"
#include "core/base/log.h"
#include "core/base/unique_fd.h"
#include "core/dns/name_addresses.h"
#include "core/forward/forward_route.h"
#include "core/forward/outgoing_hops.h"
#include "core/ingress/ingress.h"
#include "core/loop/connections.h"
#include "core/loop/loop.h"
#include "core/loop/slots.h"
#include "core/metrics/proxy_metrics.h"
#include "core/relay/hop_resets.h"
#include "core/relay/relay.h"
#include "core/stream/acceptor.h"
#include "core/stream/connection_group.h"
#include "core/stream/transport.h"

namespace glovebox::core {

struct ForwardOptions {
    RelayOptions relay;
    std::chrono::milliseconds connect_timeout{5000};  // for the vsock side
    std::chrono::milliseconds tunnel_timeout{30000};  // for a proxy's answer to CONNECT
    std::chrono::milliseconds grace{5000};            // for open connections when it stops
    std::size_t connections_max = 10000;              // further ones wait in the backlog
    IngressOptions ingress{};
    // Of each direction of a connection, so many bytes are written into the log, secrets included.
    std::size_t first_bytes = 0;
    std::shared_ptr<ProxyMetrics> metrics = std::make_shared<ProxyMetrics>(metrics_of_forwarder);
};

class Forward {
  public:
    // The first loop listens and calls every function; connections are on all loops. All outlive
    // the forwarder.
    Forward(Loops loops, Transport& transport, Log& log, ForwardOptions options = {});

    // Starts to listen and returns the local endpoint. Errors: errno's, and
    // ProxyError::not_permitted if `lo` is down and this process may not bring it up.
    [[nodiscard]] Result<boost::asio::ip::tcp::endpoint> listen(const ForwardRoute& route);

    // Where connections of programs that know of no proxy go.
    struct WayOut {
        VsockAddress proxy;      // speaks CONNECT
        NameAddresses& names;    // outlives the forwarder
        bool is_shared = false;  // with programs' own listeners at the port, by SO_REUSEPORT
    };
    // Starts to accept connections to any name's address and any other that is local here; each one
    // goes on as CONNECT, or is reset. Errors: errno's.
    [[nodiscard]] Result<void> listen(const boost::asio::ip::tcp::endpoint& endpoint, WayOut way);
    // Ends such a listener. Its connections go on.
    void close(const boost::asio::ip::tcp::endpoint& endpoint);

    // Serves until stop() and the last connection's end.
    [[nodiscard]] boost::asio::awaitable<void> run();

    // Closes the listeners and gives open connections the grace time; a second call ends them now.
    void stop();

  private:
    struct Admitted {
        UniqueFd client;
        boost::asio::ip::tcp::endpoint peer;
        Slots::Ticket ticket;
        ProxyMetrics::Listener counted;
    };

    struct Listening {
        boost::asio::ip::tcp::endpoint endpoint;
        std::shared_ptr<Acceptor> acceptor;
    };
    // Where an accepted connection is counted.
    struct Place {
        Slots::Listener slots;
        ProxyMetrics::Listener counted;
    };
    // Who speaks to whom, by which listener; `name` is the target's, empty for a vsock address.
    struct Parties {
        boost::asio::ip::tcp::endpoint client;
        std::optional<Target> target;
        std::string name;
        VsockAddress to;
        ProxyMetrics::Listener counted;
    };
    // A connection's other half, and the channel for its resets.
    struct Reached {
        Connection connection;
        std::shared_ptr<HopResets> hop;
    };

    // What was carried before the relay: how much the client sent, what that was (kept only where
    // first bytes are asked for), and what the target sent.
    struct Early {
        std::size_t sent = 0;
        std::string from_client;
        std::string from_target;
    };

    // Has connections served from now on; the endpoint is the local one.
    template <class Serve>
    Result<boost::asio::ip::tcp::endpoint> accept_on(UniqueFd socket, Place place,
                                                     std::string_view to, Serve serve);
    boost::asio::awaitable<Result<Admitted>> accept_with_slot(std::shared_ptr<Acceptor> acceptor,
                                                              Place place);
    boost::asio::awaitable<void> serve(Admitted admitted, ForwardRoute route, const Loop& loop);
    boost::asio::awaitable<void> serve_out(Admitted admitted, VsockAddress proxy,
                                           NameAddresses& names, const Loop& loop);
    // The client on its loop. Empty if that is impossible, which has been logged.
    std::optional<Stream> client_on(const Loop& loop, Admitted& admitted);
    boost::asio::awaitable<Result<Reached>> reach(VsockAddress address, const Loop& loop);
    void count_failure(ProxyMetrics::Listener counted, VsockAddress to, const Error& failure);
    // What a client receives whose vsock side can't be reached.
    boost::asio::awaitable<void> refuse(Stream client, std::string who, ForwardRoute route,
                                        std::unique_ptr<IngressArrival> arrival, Error failure);
    boost::asio::awaitable<void> relay_to(Stream client, Parties parties, Reached reached,
                                          Early early, PipePool& pipes);
    // Logs the use's first bytes, if they are asked for, as long as this lives.
    [[nodiscard]] std::unique_ptr<FirstBytes> log_first(const ProxyMetrics::Use& use,
                                                        const Parties& parties,
                                                        const Early& early) const;

    const Loops loops_;
    Transport& transport_;
    Log& log_;
    ForwardOptions options_;
    Slots slots_;
    Ingress ingress_;
    std::list<Listening> listening_;
    std::map<TcpPort, Slots::Listener> places_out_;  // those of one port share their slots
    ConnectionGroup accept_loops_;
    Connections channels_;
    Connections connections_;
    OutgoingHops hops_;
    boost::asio::steady_timer stopped_;  // never fires; cancelled by stop()
    bool stopping_ = false;
};

}  // namespace glovebox::core
