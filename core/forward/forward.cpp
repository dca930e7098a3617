// SPDX-License-Identifier: Apache-2.0

#include "core/forward/forward.h"

#include <fmt/core.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

#include "core/base/base64.h"
#include "core/base/bytes.h"
#include "core/base/clock.h"
#include "core/base/counted.h"
#include "core/base/unique_fd.h"
#include "core/dial/dialer.h"
#include "core/forward/loopback_interface.h"
#include "core/http/http_refusal.h"
#include "core/http/tunnel.h"
#include "core/stream/accept_loop.h"
#include "core/stream/asio_result.h"
#include "core/stream/peer_presence.h"
#include "core/stream/socket_endpoint.h"
#include "core/stream/stream_io.h"

namespace glovebox::core {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using std::chrono::steady_clock;

// What can be done about it, for whoever reads the log.
std::string explain(const Error& failure, VsockAddress to, bool is_proxy) {
    if (failure.code != asio::error::connection_reset)
        return failure.message;
    if (is_proxy)
        return fmt::format(
            "nobody listens on vsock {0}; on the parent start glovebox proxy "
            "--listen {1}=connect",
            to_string(to), to.port);
    return fmt::format("nobody listens on vsock {}", to_string(to));
}

struct BindOptions {
    bool is_ipv6_alone = false;   // leaves IPv4 to another socket of the port
    bool port_is_shared = false;  // with others that share it too
};

// A socket of the kind that listens, bound, with the options that its connections inherit.
Result<UniqueFd> listen_on(const tcp::endpoint& endpoint, BindOptions options = {}) {
    const std::string what = fmt::format("can't listen on {}", to_string(endpoint));
    UniqueFd socket(
        ::socket(endpoint.protocol().family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    const int on = 1;
    if (!socket || ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
        (options.port_is_shared &&
         ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) != 0) ||
        (options.is_ipv6_alone &&
         ::setsockopt(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) != 0) ||
        ::bind(socket.get(), endpoint.data(), static_cast<socklen_t>(endpoint.size())) != 0 ||
        ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0)
        return errno_error(what, errno);
    if (::listen(socket.get(), SOMAXCONN) != 0)
        return errno_error(what, errno);
    return socket;
}

}  // namespace

Forward::Forward(Loops loops, Transport& transport, Log& log, ForwardOptions options)
    : loops_(std::move(loops)),
      transport_(transport),
      log_(log),
      options_(std::move(options)),
      slots_({.open_max = options_.connections_max, .by_peer = false}, log),
      ingress_(options_.ingress, log),
      accept_loops_(loops_.front().executor, log),
      channels_(loops_, log),
      connections_(loops_, log),
      hops_(transport, channels_, options_.connect_timeout),
      stopped_(loops_.front().executor, steady_clock::time_point::max()) {}

Result<tcp::endpoint> Forward::listen(const ForwardRoute& route) {
    if (route.listen.address().is_loopback() || route.listen.address().is_unspecified()) {
        const auto was_down = bring_loopback_up();
        if (!was_down)
            return was_down.error();
        if (*was_down)
            log_.info("lo_up", "brought the interface lo up");
    }
    auto socket = listen_on(route.listen);
    if (!socket)
        return socket.error();
    const std::string to = route.to ? fmt::format("vsock {}", to_string(*route.to)) : "by name";
    const auto counted = options_.metrics->add_listener(
        to_string(local_endpoint(socket->get())), route.to ? to_string(*route.to) : "by name");
    auto local = accept_on(std::move(*socket), {slots_.add_listener(), counted}, to,
                           [this, route](Admitted admitted, const Loop& loop) {
                               return serve(std::move(admitted), route, loop);
                           });
    if (!local)
        return local;
    const std::string listener = fmt::format("{} -> {}", to_string(*local), to);
    if (route.to)
        log_.info("listening", "listening on {}", field("listener", listener),
                  field("address", to_string(*local)), field("cid", route.to->cid),
                  field("port", route.to->port));
    else
        log_.info("listening", "listening on {}", field("listener", listener),
                  field("address", to_string(*local)));
    if (route.http_proxy)
        log_.info("http_proxy", "programs use it with HTTPS_PROXY=http://{}",
                  field("address", to_string(*local)));
    return local;
}

Result<void> Forward::listen(const tcp::endpoint& endpoint, WayOut way) {
    auto socket = listen_on(
        endpoint, {.is_ipv6_alone = endpoint.address().is_v6(), .port_is_shared = way.is_shared});
    if (!socket)
        return socket.error();
    const auto [place, is_new] = places_out_.try_emplace(endpoint.port());
    if (is_new)
        place->second = slots_.add_listener();
    const auto counted = options_.metrics->add_listener("egress", to_string(way.proxy));
    const auto local = accept_on(
        std::move(*socket), {place->second, counted}, "the proxy",
        [this, proxy = way.proxy, &names = way.names](Admitted admitted, const Loop& loop) {
            return serve_out(std::move(admitted), proxy, names, loop);
        });
    if (!local)
        return local.error();
    log_.debug("listening", "listening on {} for connections to CONNECT proxy {}",
               field("address", to_string(*local)), field("target", to_string(way.proxy)),
               field("cid", way.proxy.cid), field("port", way.proxy.port));
    return {};
}

void Forward::close(const tcp::endpoint& endpoint) {
    listening_.remove_if([&endpoint](const Listening& one) {
        if (one.endpoint == endpoint)
            one.acceptor->close();
        return one.endpoint == endpoint;
    });
}

template <class Serve>
Result<tcp::endpoint> Forward::accept_on(UniqueFd socket, Place place, std::string_view to,
                                         Serve serve) {
    const tcp::endpoint local = local_endpoint(socket.get());
    auto made = Acceptor::make(loops_.front().executor, std::move(socket));
    if (!made)
        return made.error();
    const auto acceptor = std::make_shared<Acceptor>(std::move(*made));
    listening_.push_back({local, acceptor});
    accept_loops_.spawn(accept_loop(
        fmt::format("{} -> {}", to_string(local), to),
        [this, acceptor, place] { return accept_with_slot(acceptor, place); },
        [this, serve = std::move(serve)](Admitted accepted) {
            connections_.spawn([serve, admitted = std::move(accepted)](const Loop& loop) mutable {
                return serve(std::move(admitted), loop);
            });
        },
        [this] { trim_pipes(loops_); }, log_));
    return local;
}

asio::awaitable<Result<Forward::Admitted>> Forward::accept_with_slot(
    std::shared_ptr<Acceptor> acceptor, Place place) {
    while (true) {
        if (!slots_.has_room(place.slots))
            co_await slots_.room(place.slots);
        auto accepted = co_await acceptor->accept();
        if (!accepted)
            co_return accepted.error();
        options_.metrics->count_accepted(place.counted);
        auto ticket = slots_.try_admit({}, place.slots);
        if (!ticket) {
            auto waited = co_await slots_.admit({}, place.slots);
            if (waited)
                ticket.emplace(std::move(*waited));
        }
        if (ticket)
            co_return Admitted{std::move(accepted->socket),
                               endpoint_of(accepted->peer, accepted->peer_size), std::move(*ticket),
                               place.counted};
        options_.metrics->count_refused(place.counted, std::nullopt,
                                        ProxyRefusal::connection_limit);
    }
}

asio::awaitable<void> Forward::run() {
    while (!stopping_)
        co_await stopped_.async_wait(as_result);
    for (const Listening& one : listening_)
        one.acceptor->close();
    accept_loops_.cancel();
    co_await accept_loops_.finish(std::chrono::milliseconds(0));
    if (connections_.size() > 0)
        log_.info("stopping", "stopping: {} may end within {}",
                  counted(connections_.size(), "connection"), format_duration(options_.grace),
                  field("connections", connections_.size()));
    co_await connections_.finish(options_.grace);
    channels_.cancel();
    co_await channels_.finish(options_.grace);
    log_.info("stopped", "stopped");
}

void Forward::stop() {
    if (stopping_)
        connections_.cancel();
    stopping_ = true;
    stopped_.cancel();
}

std::optional<Stream> Forward::client_on(const Loop& loop, Admitted& admitted) {
    auto client = Stream::make(loop.executor, std::move(admitted.client));
    if (client)
        return std::move(*client);
    log_.warning("failed", "{} can't be served: {}", field("peer", to_string(admitted.peer)),
                 field("error", client.error().message));
    return std::nullopt;
}

asio::awaitable<Result<Forward::Reached>> Forward::reach(VsockAddress address, const Loop& loop) {
    options_.metrics->count_of(address.cid);
    // First, since a connection may be reset as soon as it is there.
    auto hop = hops_.find(address);
    if (hop->channels() == 0)
        co_await hops_.ask(address, loop);
    const auto start = steady_clock::now();
    auto connection = co_await transport_.connect(address, options_.connect_timeout);
    options_.metrics->observe_dial(steady_clock::now() - start);
    if (!connection)
        co_return connection.error();
    co_return Reached{std::move(*connection), std::move(hop)};
}

void Forward::count_failure(ProxyMetrics::Listener counted, VsockAddress to, const Error& failure) {
    options_.metrics->count_refused(counted, to.cid, proxy_refusal_of(failure));
}

asio::awaitable<void> Forward::serve(Admitted admitted, ForwardRoute route, const Loop& loop) {
    co_await asio::this_coro::throw_if_cancelled(false);
    const bool has_slot = admitted.ticket.has_slot() || co_await admitted.ticket.slot();
    if (!has_slot)
        co_return;
    auto on_loop = client_on(loop, admitted);
    if (!on_loop)
        co_return;
    Stream client = std::move(*on_loop);
    // On the heap, since most connections need none.
    std::unique_ptr<IngressArrival> arrival;
    if (!route.http_proxy && ingress_.has_work_for(route.to)) {
        IngressOutcome outcome = co_await ingress_.receive(client, admitted.peer, route.to);
        if (outcome.refusal)
            options_.metrics->count_refused(admitted.counted, std::nullopt, *outcome.refusal);
        if (!outcome.arrival)
            co_return;
        arrival = std::move(outcome.arrival);
        route.to = arrival->to;
        admitted.peer = arrival->client;
    }
    auto reached = co_await reach(*route.to, loop);
    if (!reached) {
        count_failure(admitted.counted, *route.to, reached.error());
        co_await refuse(std::move(client), to_string(admitted.peer), route, std::move(arrival),
                        std::move(reached.error()));
        co_return;
    }
    std::string name;
    Early early;
    if (arrival) {
        if (arrival->request)
            name = arrival->description();
        early.sent = arrival->first_bytes.size();
        if (options_.first_bytes > 0)
            early.from_client = arrival->first_bytes;
        arrival->header += arrival->first_bytes;
        // If this fails the server has broken off, as the relay will find.
        static_cast<void>(co_await write_all(reached->connection.stream, arrival->header));
        arrival->forget_bytes();
    }
    Parties parties{admitted.peer, std::nullopt, std::move(name), *route.to, admitted.counted};
    co_await relay_to(std::move(client), std::move(parties), std::move(*reached), std::move(early),
                      loop.pipes);
}

asio::awaitable<void> Forward::refuse(Stream client, std::string who, ForwardRoute route,
                                      std::unique_ptr<IngressArrival> arrival, Error failure) {
    const VsockAddress to = *route.to;
    failure.message = explain(failure, to, route.http_proxy);
    log_.warning("failed", "{} -> vsock {} failed: {}", field("peer", who),
                 field("target", to_string(to)), field("error", failure.message),
                 field("cid", to.cid), field("port", to.port));
    std::string message;
    if (route.http_proxy) {
        HttpRefusal refusal = refusal_of(failure);
        refusal.sentence = fmt::format("the parent's proxy can't be reached: {}", failure.message);
        message = to_response(refusal);
    } else if (arrival && arrival->request) {
        failure.message = "the server of this name can't be reached";
        message = arrival->request->unreachable_message(failure);
    }
    // A port without a listener answers by a reset.
    if (message.empty())
        client.reset_when_closed();
    else
        co_await say_and_close(std::move(client), std::move(message));
}

asio::awaitable<void> Forward::serve_out(Admitted admitted, VsockAddress proxy,
                                         NameAddresses& names, const Loop& loop) {
    co_await asio::this_coro::throw_if_cancelled(false);
    const bool has_slot = admitted.ticket.has_slot() || co_await admitted.ticket.slot();
    if (!has_slot)
        co_return;
    auto on_loop = client_on(loop, admitted);
    if (!on_loop)
        co_return;
    Stream client = std::move(*on_loop);
    const tcp::endpoint meant = local_endpoint(client.native_handle());
    const IpAddress address = unmapped(meant.address());
    // The program's own host, which is no way out.
    if (address.is_loopback()) {
        client.reset_when_closed();
        co_return;
    }
    const auto use = names.use(address);
    const Target target{use ? Host(use->name()) : Host(address), meant.port()};
    const std::string target_text = to_string(target);
    const auto fail = [&](std::string_view why) {
        client.reset_when_closed();
        log_.warning("failed", "{} -> {} failed: {}", field("peer", to_string(admitted.peer)),
                     field("target", target_text), field("error", why), field("cid", proxy.cid),
                     field("port", proxy.port));
    };
    if (!use && NameAddresses::has(address)) {
        fail("no name has this address now: the program kept it beyond its time, or made it up");
        co_return;
    }
    auto reached = co_await reach(proxy, loop);
    if (!reached) {
        count_failure(admitted.counted, proxy, reached.error());
        fail(explain(reached.error(), proxy, true));
        co_return;
    }
    auto rest = co_await open_tunnel(reached->connection.stream, target, options_.tunnel_timeout);
    if (!rest) {
        count_failure(admitted.counted, proxy, rest.error());
        fail(rest.error().message);
        co_return;
    }
    Early early;
    early.from_target = std::move(*rest);
    if (!early.from_target.empty()) {
        // If this fails the program has broken off, as the relay will find.
        static_cast<void>(co_await write_all(client, early.from_target));
    }
    Parties parties{admitted.peer, target, target_text, proxy, admitted.counted};
    co_await relay_to(std::move(client), std::move(parties), std::move(*reached), std::move(early),
                      loop.pipes);
}

std::unique_ptr<FirstBytes> Forward::log_first(const ProxyMetrics::Use& use, const Parties& parties,
                                               const Early& early) const {
    if (options_.first_bytes == 0)
        return nullptr;
    auto first_bytes = std::make_unique<FirstBytes>(
        options_.first_bytes, [this, peer = to_string(parties.client), to = parties.to,
                               name = parties.name](const FirstBytes::Piece& piece) {
            const std::string target = name.empty() ? to_string(to) : name;
            log_.info("traffic", "{} -> {}{}: the {} sent {}", field("peer", peer),
                      name.empty() ? "vsock " : "", field("target", target),
                      piece.from == FirstBytes::From::client ? "client" : "target", describe(piece),
                      field("cid", to.cid), field("port", to.port), field("way", way_of(piece)),
                      field("offset", piece.offset), field("data", to_base64(piece.bytes)));
        });
    first_bytes->take(FirstBytes::From::client, as_bytes(early.from_client));
    first_bytes->take(FirstBytes::From::target, as_bytes(early.from_target));
    use.traffic().first_bytes = first_bytes.get();
    return first_bytes;
}

asio::awaitable<void> Forward::relay_to(Stream client, Parties parties, Reached reached,
                                        Early early, PipePool& pipes) {
    const auto& [from, asked, name, to, counted] = parties;
    const TextOnDemand peer{[&from = from] { return to_string(from); }};
    const TextOnDemand target{
        [&name = name, &to = to] { return name.empty() ? to_string(to) : name; }};
    const std::string_view kind = name.empty() ? "vsock " : "";
    log_.info("open", "{} -> {}{} open, from vsock {}", field("peer", peer), kind,
              field("target", target),
              field("address", TextOnDemand{[&] { return to_string(reached.connection.local); }}),
              field("cid", to.cid), field("port", to.port));
    const auto start = steady_clock::now();
    const auto notice = reached.hop->watch(reached.connection.local.port);
    const auto use =
        options_.metrics->begin(counted, to.cid, Target{unmapped(from.address()), from.port()},
                                asked ? MetricsPeer(*asked) : MetricsPeer(to));
    use.traffic().from_client.add(early.sent);
    const auto first_bytes = log_first(use, parties, early);
    early = {};
    RelayResult result =
        co_await relay(std::move(client), std::move(reached.connection.stream), pipes,
                       options_.relay, {.second = notice.get()}, &use.traffic());
    result.first_to_second = use.traffic().from_client.get();
    log_.info("closed", "{} -> {}{} closed: {}, {}", field("peer", peer), kind,
              field("target", target),
              field("end", TextOnDemand{[&] { return describe_end(result, "client", "vsock"); }}),
              TextOnDemand{[&] {
                  return describe_bytes(result, "client", "vsock", steady_clock::now() - start);
              }},
              field("cid", to.cid), field("port", to.port),
              field("bytes", result.first_to_second + result.second_to_first),
              field("bytes_sent", result.first_to_second),
              field("bytes_received", result.second_to_first));
}

}  // namespace glovebox::core
