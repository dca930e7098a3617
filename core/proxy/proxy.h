// SPDX-License-Identifier: Apache-2.0

// The parent's side: accepts on vsock ports and connects to TCP targets.
//
//   enclave --vsock--> Proxy --allowlisted Dialer--> TCP target
//
// A route has one fixed target, or each connection asks for its own: for a tunnel by HTTP's CONNECT
// or SOCKS, or for exchanges of HTTP, one after the other. Any number of routes live in one Proxy.
// A failure of one connection (lookup, connect, head) ends that connection only, with a line in the
// log.
#pragma once

#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/base/log.h"
#include "core/dial/dialer.h"
#include "core/http/exchange.h"
#include "core/loop/connections.h"
#include "core/loop/loop.h"
#include "core/loop/slots.h"
#include "core/metrics/proxy_metrics.h"
#include "core/proxy/open_tunnels.h"
#include "core/proxy/proxy_route.h"
#include "core/proxy/tunnel_request.h"
#include "core/relay/hop_resets.h"
#include "core/relay/relay.h"
#include "core/service/successor.h"
#include "core/stream/connection_group.h"
#include "core/stream/transport.h"

namespace glovebox::core {

struct ProxyOptions {
    RelayOptions relay;
    std::chrono::milliseconds head_timeout{30000};  // for the whole of a request's head
    std::chrono::milliseconds grace{5000};          // for open connections when the proxy stops
    SlotOptions slots;                              // for connections; further ones wait
    std::shared_ptr<ProxyMetrics> metrics = std::make_shared<ProxyMetrics>();
    // Whether end_forbidden() ends connections; otherwise it does nothing.
    bool ends_forbidden = false;
    // Of each direction of a connection, so many bytes are written into the log, secrets included.
    std::size_t first_bytes = 0;
    // Targets that expect a PROXY header, with the enclave's vsock address
    // (ingress/proxy_protocol.h).
    std::vector<Target> proxy_protocol_to{};
};

class Proxy {
  public:
    // The first loop listens and calls every function; connections are on all loops. All outlive
    // the proxy.
    Proxy(Loops loops, Transport& transport, Dialer& dialer, Log& log, ProxyOptions options = {});

    // Starts to listen and returns the local address. Errors: the transport's, and
    // ProxyError::not_allowed for a fixed target that the dialer would refuse anyway.
    [[nodiscard]] Result<VsockAddress> listen(ProxyRoute route);

    // Serves until stop() and the last connection's end.
    [[nodiscard]] boost::asio::awaitable<void> run();

    // Closes the listeners and gives open connections the grace time; a second call ends them now.
    void stop();

    // The listening sockets, by their ports, for a process that goes on with them: stop() refuses
    // nobody then.
    [[nodiscard]] std::vector<SharedSocket> share();
    // The same as stop(), and open connections have no limit but their own.
    void drain();
    // Ends the open connections that the dialer's rules of now forbid, if that is an option, and
    // returns how many. Requests of HTTP that are under way end by themselves.
    std::size_t end_forbidden();

  private:
    // A connection that has a slot or waits for one.
    struct Admitted {
        Arrival arrival;
        std::optional<Slots::Ticket> ticket;  // none yet if the listener was closed meanwhile
        Slots::Listener place;
        std::unique_ptr<ResetNotice> notice;
    };
    // Both ends of what is relayed.
    struct Tunnel {
        VsockAddress peer;
        Target target;
        Stream from_peer;
        Stream from_target;
        boost::asio::ip::tcp::endpoint endpoint;
        ProxyMetrics::Use use;  // has counted the bytes that came behind a CONNECT head
        std::unique_ptr<FirstBytes> first_bytes;  // null if they are not asked for
    };
    // Who connected to a listener.
    struct Client {
        Connection connection;
        ResetNotice* notice;  // null, or outlives it
        ProxyMetrics::Listener counted;
        const Loop& loop;
    };
    struct Refused {
        ProxyRefusal why;
        HttpRefusal answer;
    };
    // What there is to say of an exchange.
    struct Exchanged {
        VsockAddress peer;
        std::string method;
        Target target;
        boost::asio::ip::tcp::endpoint endpoint;
        std::chrono::steady_clock::time_point start;
        ExchangeResult result = {};
        std::uint64_t from_client = 0;
        std::uint64_t from_target = 0;
    };
    using Resets = std::shared_ptr<ResetsByCid>;

    void listen_for_channels(VsockAddress beside, Resets resets);
    boost::asio::awaitable<Result<Admitted>> accept(Listener& listener, Slots::Listener place,
                                                    ProxyMetrics::Listener counted, Resets resets);
    boost::asio::awaitable<void> serve(Admitted admitted, std::optional<Target> target,
                                       ProxyMetrics::Listener counted, const Loop& loop);
    // Connects to `target`, or without one to what the client asks for. If that fails, the tunnel
    // is empty, and the failure has been logged and answered.
    boost::asio::awaitable<std::optional<Tunnel>> open(Admitted& admitted,
                                                       const std::optional<Target>& target,
                                                       ProxyMetrics::Listener counted,
                                                       const Loop& loop);
    static boost::asio::awaitable<std::optional<Tunnel>> nothing();
    boost::asio::awaitable<std::optional<Tunnel>> open_fixed(Client client, Target target);
    // Serves exchanges until the client asks for a tunnel or leaves.
    boost::asio::awaitable<std::optional<Tunnel>> open_asked(Client client);
    boost::asio::awaitable<Result<void>> read_ask(Stream& stream, TunnelRequest& request,
                                                  bool is_first, const Loop& loop);
    boost::asio::awaitable<void> refuse_asked(Client client, const TunnelRequest& request,
                                              Refused refused);
    boost::asio::awaitable<std::optional<Tunnel>> open_tunnel(Client client, TunnelRequest& request,
                                                              Dialed dialed);
    // Whether the rules allow what the client asks about.
    boost::asio::awaitable<void> answer_question(Client client, const TunnelRequest& request);
    // What the client has sent of its next request; nothing if there can be none.
    boost::asio::awaitable<std::optional<std::string>> serve_exchange(Client& client,
                                                                      TunnelRequest& request,
                                                                      Dialed dialed);
    // Connects, and introduces the enclave to a target that expects it.
    boost::asio::awaitable<Result<Dialed>> dial(const Target& target, VsockAddress peer);
    // In the list of what end_forbidden() judges, as long as it lives.
    std::unique_ptr<OpenTunnels::Place> note_open(const Tunnel& tunnel, const Loop& loop);
    // Logs the use's first bytes, if they are asked for, as long as this lives.
    [[nodiscard]] std::unique_ptr<FirstBytes> log_first(const ProxyMetrics::Use& use,
                                                        VsockAddress peer,
                                                        const Target& target) const;
    void log_open(const VsockAddress& peer, const Target& target, const Dialed& dialed);
    void log_exchange(const Exchanged& exchanged);

    const Loops loops_;
    Transport& transport_;
    Dialer& dialer_;
    Log& log_;
    ProxyOptions options_;
    Slots slots_;
    std::vector<std::unique_ptr<Listener>> listeners_;
    ConnectionGroup acceptors_;
    ConnectionGroup channels_;
    Connections connections_;
    OpenTunnels tunnels_;
    boost::asio::steady_timer stopped_;  // never fires; cancelled by stop()
    // By loop. They expire when stop() is called, and then there is no further request on a
    // connection.
    std::deque<boost::asio::steady_timer> no_more_;
    std::atomic<bool> stopping_ = false;
};

}  // namespace glovebox::core
