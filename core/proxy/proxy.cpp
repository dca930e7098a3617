// SPDX-License-Identifier: Apache-2.0

#include "core/proxy/proxy.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/post.hpp>

#include "core/address/port_list.h"
#include "core/address/proxy_error.h"
#include "core/base/base64.h"
#include "core/base/bytes.h"
#include "core/base/clock.h"
#include "core/base/counted.h"
#include "core/http/http_refusal.h"
#include "core/http/rule_question.h"
#include "core/ingress/proxy_protocol.h"
#include "core/proxy/tunnel_request.h"
#include "core/stream/accept_loop.h"
#include "core/stream/asio_result.h"
#include "core/stream/socket_endpoint.h"
#include "core/stream/stream_io.h"
#include "core/stream/timeout.h"

namespace glovebox::core {
namespace {

namespace asio = boost::asio;
using std::chrono::steady_clock;

// Channels are few: one for each forwarder of an enclave.
constexpr std::size_t channels_max = 64;
constexpr std::size_t channels_of_a_cid_max = 8;

// Until the request is complete or refused. Errors: the peer left before.
asio::awaitable<Result<void>> read_request(Stream& stream, TunnelRequest& request) {
    std::array<char, 4096> buffer;
    while (request.state() == TunnelRequest::State::needs_more) {
        const auto got = co_await read_some(stream, buffer);
        if (!got)
            co_return got.error();
        if (*got == 0)
            co_return Error(asio::error::make_error_code(asio::error::connection_aborted),
                            "the stream ended inside the request");
        request.feed({buffer.data(), *got});
        const std::string answer = request.take_answer();
        if (!answer.empty())
            if (const auto told = co_await write_all(stream, answer); !told)
                co_return told.error();
    }
    co_return Result<void>();
}

}  // namespace

Proxy::Proxy(Loops loops, Transport& transport, Dialer& dialer, Log& log, ProxyOptions options)
    : loops_(std::move(loops)),
      transport_(transport),
      dialer_(dialer),
      log_(log),
      options_(std::move(options)),
      slots_(options_.slots, log),
      acceptors_(loops_.front().executor, log),
      channels_(loops_.front().executor, log),
      connections_(loops_, log),
      stopped_(loops_.front().executor, steady_clock::time_point::max()) {
    for (const Loop& loop : loops_)
        no_more_.emplace_back(loop.executor, steady_clock::time_point::max());
}

Result<VsockAddress> Proxy::listen(ProxyRoute route) {
    if (route.target)
        if (const auto verdict = dialer_.may_dial(*route.target); !verdict)
            return verdict.error();
    const auto has_it = [&](const auto& listener) {
        return listener->local().port == route.listen.port;
    };
    if (route.listen.port != port_any && std::any_of(listeners_.begin(), listeners_.end(), has_it))
        return Error(ProxyError::bad_target,
                     fmt::format("port {} was given to two listeners: give each one its own",
                                 route.listen.port));
    auto bound = transport_.listen(route.listen);
    if (!bound)
        return std::move(bound.error())
            .in(fmt::format("can't listen on vsock {}", to_string(route.listen)));
    Listener& listener = *listeners_.emplace_back(std::move(*bound));
    const VsockAddress local = listener.local();
    const std::string name = fmt::format("{} -> {}", to_string(local), destination_of(route));
    log_.info("listening", "listening on vsock {}", field("listener", name),
              field("cid", local.cid), field("port", local.port));
    auto resets = std::make_shared<ResetsByCid>();
    listen_for_channels(local, resets);
    const auto counted =
        options_.metrics->add_listener(fmt::format("{}", local.port), destination_of(route));
    acceptors_.spawn(accept_loop(
        name,
        [this, &listener, counted, place = slots_.add_listener(), resets = std::move(resets)] {
            return accept(listener, place, counted, resets);
        },
        [this, counted, route = std::move(route)](Admitted accepted) {
            connections_.spawn([this, counted, target = route.target,
                                admitted = std::move(accepted)](const Loop& loop) mutable {
                return serve(std::move(admitted), std::move(target), counted, loop);
            });
        },
        [this] { trim_pipes(loops_); }, log_));
    return local;
}

// Without channels everything works but resets: their peers read an end of file.
void Proxy::listen_for_channels(VsockAddress beside, Resets resets) {
    const auto port = reset_port(beside.port);
    if (!port)
        return;
    auto bound = transport_.listen({beside.cid, *port});
    if (!bound) {
        log_.warning("no_resets",
                     "resets of connections to vsock {} will look like an end of file: {}",
                     field("listener", to_string(beside)), field("error", bound.error().message),
                     field("cid", beside.cid), field("port", beside.port));
        return;
    }
    Listener& listener = *listeners_.emplace_back(std::move(*bound));
    acceptors_.spawn(accept_loop(
        fmt::format("{} (resets)", to_string(beside)), [&listener] { return listener.accept(); },
        [this, resets = std::move(resets)](Connection channel) {
            auto hop = resets->of(channel.peer.cid);
            if (channels_.size() < channels_max && hop->channels() < channels_of_a_cid_max)
                channels_.spawn(HopResets::serve(std::move(hop), std::move(channel.stream)));
        },
        [this] { trim_pipes(loops_); }, log_));
}

asio::awaitable<void> Proxy::run() {
    while (!stopping_)
        co_await stopped_.async_wait(as_result);
    for (const auto& listener : listeners_)
        listener->close();
    acceptors_.cancel();
    co_await acceptors_.finish(std::chrono::milliseconds(0));
    if (connections_.size() > 0)
        log_.info("stopping", "stopping: {} may end within {}",
                  counted(connections_.size(), "connection"), format_duration(options_.grace),
                  field("connections", connections_.size()));
    co_await connections_.finish(options_.grace);
    channels_.cancel();
    co_await channels_.finish(options_.grace);
    log_.info("stopped", "stopped");
}

std::vector<SharedSocket> Proxy::share() {
    std::vector<SharedSocket> sockets;
    for (const auto& listener : listeners_)
        for (SharedListener& shared : listener->share())
            sockets.push_back({shared.fd, std::move(shared.name)});
    return sockets;
}

void Proxy::drain() {
    // Longer than any connection lasts, and no overflow.
    options_.grace = std::chrono::hours(24 * 365);
    stop();
}

std::unique_ptr<OpenTunnels::Place> Proxy::note_open(const Tunnel& tunnel, const Loop& loop) {
    auto place = std::make_unique<OpenTunnels::Place>(
        tunnels_.add(loop.executor, {tunnel.peer.cid, tunnel.target, tunnel.endpoint}));
    // New rules may have come between the dialer's judgement and this.
    if (!dialer_.allows(tunnel.target, tunnel.peer.cid, tunnel.endpoint))
        end_forbidden();
    return place;
}

std::size_t Proxy::end_forbidden() {
    if (!options_.ends_forbidden)
        return 0;
    return tunnels_.end_unless([this](const JudgedTunnel& tunnel) {
        return dialer_.allows(tunnel.target, tunnel.asker, tunnel.endpoint);
    });
}

void Proxy::stop() {
    if (stopping_)
        connections_.cancel();
    stopping_ = true;
    stopped_.cancel();
    for (std::size_t i = 0; i < loops_.size(); ++i)
        asio::post(loops_[i].executor,
                   [&timer = no_more_[i]] { timer.expires_at(steady_clock::time_point::min()); });
}

asio::awaitable<Result<Proxy::Admitted>> Proxy::accept(Listener& listener, Slots::Listener place,
                                                       ProxyMetrics::Listener counted,
                                                       Resets resets) {
    while (true) {
        auto accepted = co_await listener.next();
        if (!accepted)
            co_return accepted.error();
        const VsockAddress peer = accepted->peer;
        options_.metrics->count_accepted(counted);
        options_.metrics->count_of(peer.cid);
        auto notice = resets->of(peer.cid)->watch(peer.port);
        auto ticket = slots_.try_admit(peer.cid, place);
        if (!ticket) {
            auto waited = co_await slots_.admit(peer.cid, place);
            if (waited)
                ticket.emplace(std::move(*waited));
        }
        // It left the backlog before the proxy stopped, and nobody else can serve it.
        if (ticket || stopping_)
            co_return Admitted{std::move(*accepted), std::move(ticket), place, std::move(notice)};
        options_.metrics->count_refused(counted, peer.cid, ProxyRefusal::connection_limit);
        if (notice)
            notice->reset(std::move(accepted->socket));
    }
}

// By value: the coroutine outlives the call, and so may the route. What opens the tunnel is a
// coroutine of its own, whose memory an idle connection does not hold.
asio::awaitable<void> Proxy::serve(Admitted admitted, std::optional<Target> target,
                                   ProxyMetrics::Listener counted, const Loop& loop) {
    co_await asio::this_coro::throw_if_cancelled(false);
    if (!admitted.ticket)
        if (auto late = co_await slots_.admit_late(admitted.arrival.peer.cid, admitted.place))
            admitted.ticket.emplace(std::move(*late));
    const bool has_slot =
        admitted.ticket && (admitted.ticket->has_slot() || co_await admitted.ticket->slot());
    if (!has_slot)
        co_return;
    ResetNotice* const notice = admitted.notice.get();
    std::optional<Tunnel> tunnel = co_await open(admitted, target, counted, loop);
    if (!tunnel)
        co_return;
    const auto start = steady_clock::now();
    std::unique_ptr<OpenTunnels::Place> place;
    if (options_.ends_forbidden)
        place = note_open(*tunnel, loop);
    TrafficCounts& traffic = tunnel->use.traffic();
    RelayResult result = co_await relay(
        std::move(tunnel->from_peer), std::move(tunnel->from_target), loop.pipes, options_.relay,
        {.first = notice}, &traffic, place ? &place->canceller() : nullptr);
    result.first_to_second = traffic.from_client.get();
    if (place && place->is_forbidden() && result.end == RelayEnd::cancelled)
        result.end = RelayEnd::forbidden;
    // In an enclave (glovebox forward --listen vsock:...) it is the parent that connects.
    const std::string_view side = tunnel->peer.cid == cid_parent ? "parent" : "enclave";
    log_.info("closed", "{} -> {} closed: {}, {}",
              field("peer", TextOnDemand{[&] { return to_string(tunnel->peer); }}),
              field("target", TextOnDemand{[&] { return to_string(tunnel->target); }}),
              field("end", TextOnDemand{[&] { return describe_end(result, side, "target"); }}),
              TextOnDemand{[&] {
                  return describe_bytes(result, side, "target", steady_clock::now() - start);
              }},
              field("cid", tunnel->peer.cid),
              field("bytes", result.first_to_second + result.second_to_first),
              field("bytes_sent", result.first_to_second),
              field("bytes_received", result.second_to_first));
}

asio::awaitable<std::optional<Proxy::Tunnel>> Proxy::open(Admitted& admitted,
                                                          const std::optional<Target>& target,
                                                          ProxyMetrics::Listener counted,
                                                          const Loop& loop) {
    const VsockAddress peer = admitted.arrival.peer;
    auto connection = std::move(admitted.arrival).on(loop.executor);
    if (!connection) {
        log_.warning("failed", "{} can't be served: {}", field("peer", to_string(peer)),
                     field("error", connection.error().message), field("cid", peer.cid));
        return nothing();
    }
    Client client{std::move(*connection), admitted.notice.get(), counted, loop};
    return target ? open_fixed(std::move(client), *target) : open_asked(std::move(client));
}

asio::awaitable<std::optional<Proxy::Tunnel>> Proxy::nothing() {
    co_return std::nullopt;
}

asio::awaitable<std::optional<Proxy::Tunnel>> Proxy::open_fixed(Client client, Target target) {
    Connection& connection = client.connection;
    auto dialed = co_await dial(target, connection.peer);
    if (!dialed) {
        options_.metrics->count_refused(client.counted, connection.peer.cid,
                                        proxy_refusal_of(dialed.error()));
        log_.warning("failed", "{} -> {} failed: {}", field("peer", to_string(connection.peer)),
                     field("target", to_string(target)), field("error", dialed.error().message),
                     field("cid", connection.peer.cid));
        if (client.notice != nullptr)
            client.notice->reset(connection.stream.release());
        co_return std::nullopt;
    }
    log_open(connection.peer, target, *dialed);
    auto use =
        options_.metrics->begin(client.counted, connection.peer.cid, connection.peer, target);
    auto first_bytes = log_first(use, connection.peer, target);
    co_return Tunnel{connection.peer,           std::move(target), std::move(connection.stream),
                     std::move(dialed->stream), dialed->endpoint,  std::move(use),
                     std::move(first_bytes)};
}

asio::awaitable<Result<void>> Proxy::read_ask(Stream& stream, TunnelRequest& request, bool is_first,
                                              const Loop& loop) {
    using namespace asio::experimental::awaitable_operators;
    auto whole = with_timeout(read_request(stream, request), options_.head_timeout,
                              Error(asio::error::make_error_code(asio::error::timed_out),
                                    fmt::format("no whole CONNECT, HTTP or SOCKS request came "
                                                "within {}",
                                                format_duration(options_.head_timeout))));
    if (is_first)
        co_return co_await std::move(whole);
    // A client that may go on is not waited for when the proxy stops.
    auto& no_more = no_more_[static_cast<std::size_t>(&loop - loops_.data())];
    auto first = co_await (std::move(whole) || no_more.async_wait(as_result));
    if (first.index() == 0)
        co_return std::get<0>(std::move(first));
    co_return Error(asio::error::make_error_code(asio::error::operation_aborted), "stopping");
}

asio::awaitable<std::optional<Proxy::Tunnel>> Proxy::open_asked(Client client) {
    Connection& connection = client.connection;
    const std::string peer = to_string(connection.peer);
    const auto cancellation = co_await asio::this_coro::cancellation_state;
    std::string unread;
    for (bool is_first = true;; is_first = false) {
        TunnelRequest request;
        if (!unread.empty())
            request.feed(std::exchange(unread, {}));
        const auto whole = co_await read_ask(connection.stream, request, is_first, client.loop);
        std::optional<Refused> refused;
        Result<Dialed> dialed = Error();
        if (whole && request.rule_question() != nullptr) {
            co_await answer_question(std::move(client), request);
            co_return std::nullopt;
        }
        if (whole && request.state() == TunnelRequest::State::complete) {
            dialed = co_await dial(request.target(), connection.peer);
            if (!dialed)
                refused = {proxy_refusal_of(dialed.error()), refusal_of(dialed.error())};
        } else if (whole) {
            refused = {ProxyRefusal::bad_request, request.refusal()};
        } else if (!is_first && !request.has_begun()) {
            co_return std::nullopt;  // between two requests
        } else if (whole.error().code == asio::error::timed_out) {
            refused = {ProxyRefusal::request_timed_out,
                       {HttpStatus::request_timeout, "http_request_error", whole.error().message}};
        } else {
            log_.info("left", "{} left before its request was whole", field("peer", peer),
                      field("cid", connection.peer.cid));
            co_return std::nullopt;
        }
        if (cancellation.cancelled() != asio::cancellation_type::none)
            co_return std::nullopt;
        if (refused) {
            co_await refuse_asked(std::move(client), request, std::move(*refused));
            co_return std::nullopt;
        }
        if (!request.is_exchange())
            co_return co_await open_tunnel(std::move(client), request, std::move(*dialed));
        auto rest = co_await serve_exchange(client, request, std::move(*dialed));
        if (!rest)
            co_return std::nullopt;
        unread = std::move(*rest);
    }
}

asio::awaitable<void> Proxy::refuse_asked(Client client, const TunnelRequest& request,
                                          Refused refused) {
    const VsockAddress& peer = client.connection.peer;
    const HttpRefusal& refusal = refused.answer;
    options_.metrics->count_refused(client.counted, peer.cid, refused.why);
    log_.warning("refused", "{} {} refused with {}: {}", field("peer", to_string(peer)),
                 field("request", request.protocol()), field("status", request.status_of(refusal)),
                 field("error", refusal.sentence), field("cid", peer.cid));
    co_await say_and_close(std::move(client.connection.stream), request.refused_message(refusal));
}

asio::awaitable<void> Proxy::answer_question(Client client, const TunnelRequest& request) {
    const VsockAddress peer = client.connection.peer;
    const std::vector<TcpPort> ports = request.rule_question()->question_ports();
    const auto verdict = dialer_.may_dial(request.target().host, ports, peer.cid);
    if (!verdict) {
        Refused refused{proxy_refusal_of(verdict.error()), refusal_of(verdict.error())};
        co_await refuse_asked(std::move(client), request, std::move(refused));
        co_return;
    }
    log_.debug("may_dial", "{} may reach {} at one of the ports {} or more",
               field("peer", to_string(peer)), field("target", to_string(request.target().host)),
               to_string(ports), field("cid", peer.cid));
    std::string allowed(rule_question_allowed);
    co_await say_and_close(std::move(client.connection.stream), std::move(allowed));
}

asio::awaitable<std::optional<Proxy::Tunnel>> Proxy::open_tunnel(Client client,
                                                                 TunnelRequest& request,
                                                                 Dialed dialed) {
    Connection& connection = client.connection;
    const auto told = co_await write_all(connection.stream, request.opened_message());
    if (!told) {
        log_.info("left", "{} left before {} was reached",
                  field("peer", to_string(connection.peer)),
                  field("target", to_string(request.target())), field("cid", connection.peer.cid));
        co_return std::nullopt;
    }
    log_open(connection.peer, request.target(), dialed);
    auto use = options_.metrics->begin(client.counted, connection.peer.cid, connection.peer,
                                       request.target());
    auto first_bytes = log_first(use, connection.peer, request.target());
    const std::string early = request.take_early_bytes();
    if (!early.empty()) {
        if (first_bytes)
            first_bytes->take(FirstBytes::From::client, as_bytes(early));
        // If this fails the target has broken off, as the relay will find.
        const auto sent = co_await write_all(dialed.stream, early);
        use.traffic().from_client.add(sent ? *sent : 0);
    }
    co_return Tunnel{connection.peer,          request.target(), std::move(connection.stream),
                     std::move(dialed.stream), dialed.endpoint,  std::move(use),
                     std::move(first_bytes)};
}

// A response that broke off must not look like a whole one that the connection's end delimits.
asio::awaitable<std::optional<std::string>> Proxy::serve_exchange(Client& client,
                                                                  TunnelRequest& request,
                                                                  Dialed dialed) {
    Connection& connection = client.connection;
    Exchanged exchanged{connection.peer, std::string(request.protocol()), request.target(),
                        dialed.endpoint, steady_clock::now()};
    {
        const auto use = options_.metrics->begin(client.counted, connection.peer.cid,
                                                 connection.peer, exchanged.target);
        const auto first_bytes = log_first(use, connection.peer, exchanged.target);
        ExchangeOptions options{.idle_timeout = options_.relay.idle_timeout,
                                .look_interval = options_.relay.linger,
                                .is_last = [this] { return stopping_.load(); }};
        exchanged.result =
            co_await exchange(connection.stream, dialed.stream, request.take_exchange(),
                              std::move(options), use.traffic());
        exchanged.from_client = use.traffic().from_client.get();
        exchanged.from_target = use.traffic().from_target.get();
    }
    ExchangeResult& result = exchanged.result;
    dialed.stream.close();
    if (result.status != 0)
        options_.metrics->count_response(client.counted, result.status);
    if (!result.failure.empty() && !result.client_left)
        options_.metrics->count_refused(
            client.counted, connection.peer.cid,
            result.refusal && result.refusal->status == HttpStatus::bad_request
                ? ProxyRefusal::bad_request
                : ProxyRefusal::bad_response);
    log_exchange(exchanged);
    if (result.client_stays)
        co_return std::move(result.unread);
    if (result.was_cut) {
        if (client.notice != nullptr)
            client.notice->reset(connection.stream.release());
        co_return std::nullopt;
    }
    std::string last_words;
    if (result.refusal)
        last_words = to_response(*result.refusal);
    co_await say_and_close(std::move(connection.stream), std::move(last_words));
    co_return std::nullopt;
}

void Proxy::log_exchange(const Exchanged& exchanged) {
    const ExchangeResult& result = exchanged.result;
    const int status = result.refusal ? static_cast<int>(result.refusal->status) : result.status;
    const bool is_whole = result.failure.empty();
    const auto took = steady_clock::now() - exchanged.start;
    constexpr Event answered = "request";
    constexpr Event failed = "failed";
    log_.log(is_whole ? LogLevel::info : LogLevel::warning, is_whole ? answered : failed,
             "{} {} http://{} ({}) {}: {}{}{} bytes to target, {} bytes from target, {}",
             field("peer", TextOnDemand{[&] { return to_string(exchanged.peer); }}),
             field("request", exchanged.method),
             field("target", TextOnDemand{[&] { return to_string(exchanged.target); }}),
             field("address", TextOnDemand{[&] { return to_string(exchanged.endpoint); }}),
             is_whole ? "answered" : "failed", field("error", result.failure), is_whole ? "" : ", ",
             exchanged.from_client, exchanged.from_target,
             format_duration(std::chrono::duration_cast<std::chrono::milliseconds>(took)),
             field("status", status), field("cid", exchanged.peer.cid),
             field("bytes", exchanged.from_client + exchanged.from_target),
             field("bytes_sent", exchanged.from_client),
             field("bytes_received", exchanged.from_target));
}

asio::awaitable<Result<Dialed>> Proxy::dial(const Target& target, VsockAddress peer) {
    auto dialed = co_await dialer_.dial(target, peer.cid);
    const auto& introduced = options_.proxy_protocol_to;
    if (!dialed || std::find(introduced.begin(), introduced.end(), target) == introduced.end())
        co_return dialed;
    const ProxiedEnds ends{local_endpoint(dialed->stream.native_handle()), dialed->endpoint};
    const std::string header = proxy_header(ends, {{}, peer});
    const auto sent = co_await write_all(dialed->stream, header);
    if (!sent)
        co_return sent.error();
    co_return dialed;
}

std::unique_ptr<FirstBytes> Proxy::log_first(const ProxyMetrics::Use& use, VsockAddress peer,
                                             const Target& target) const {
    if (options_.first_bytes == 0)
        return nullptr;
    // In an enclave (glovebox forward --listen vsock:...) it is the parent that connects.
    const char* const side = peer.cid == cid_parent ? "parent" : "enclave";
    auto first_bytes = std::make_unique<FirstBytes>(
        options_.first_bytes,
        [this, peer, side, target = to_string(target)](const FirstBytes::Piece& piece) {
            const bool is_clients = piece.from == FirstBytes::From::client;
            log_.info("traffic", "{} -> {}: the {} sent {}", field("peer", to_string(peer)),
                      field("target", target), is_clients ? side : "target", describe(piece),
                      field("cid", peer.cid), field("way", way_of(piece)),
                      field("offset", piece.offset), field("data", to_base64(piece.bytes)));
        });
    use.traffic().first_bytes = first_bytes.get();
    return first_bytes;
}

void Proxy::log_open(const VsockAddress& peer, const Target& target, const Dialed& dialed) {
    log_.info("open", "{} -> {} open ({})",
              field("peer", TextOnDemand{[&] { return to_string(peer); }}),
              field("target", TextOnDemand{[&] { return to_string(target); }}),
              field("address", TextOnDemand{[&] { return to_string(dialed.endpoint); }}),
              field("cid", peer.cid));
}

}  // namespace glovebox::core
