// SPDX-License-Identifier: Apache-2.0

#include "core/proxy.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/post.hpp>

#include "core/accept_loop.h"
#include "core/asio_result.h"
#include "core/base/clock.h"
#include "core/base/counted.h"
#include "core/http_refusal.h"
#include "core/proxy_error.h"
#include "core/stream_io.h"
#include "core/timeout.h"
#include "core/tunnel_request.h"

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
      options_(options),
      slots_(options.slots, log),
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
    acceptors_.spawn(accept_loop(
        name,
        [this, &listener, place = slots_.add_listener(), resets = std::move(resets)] {
            return accept(listener, place, resets);
        },
        [this, route = std::move(route)](Admitted accepted) {
            connections_.spawn([this, target = route.target,
                                admitted = std::move(accepted)](const Loop& loop) mutable {
                return serve(std::move(admitted), std::move(target), loop);
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

void Proxy::stop() {
    if (stopping_)
        connections_.cancel();
    stopping_ = true;
    stopped_.cancel();
    for (std::size_t i = 0; i < loops_.size(); ++i)
        asio::post(loops_[i].executor, [&timer = no_more_[i]] {
            timer.expires_at(steady_clock::time_point::min());
        });
}

asio::awaitable<Result<Proxy::Admitted>> Proxy::accept(Listener& listener, Slots::Listener place,
                                                       Resets resets) {
    while (true) {
        auto accepted = co_await listener.next();
        if (!accepted)
            co_return accepted.error();
        const VsockAddress peer = accepted->peer;
        auto notice = resets->of(peer.cid)->watch(peer.port);
        auto ticket = slots_.try_admit(peer.cid, place);
        if (!ticket) {
            auto waited = co_await slots_.admit(peer.cid, place);
            if (waited)
                ticket.emplace(std::move(*waited));
        }
        if (ticket)
            co_return Admitted{std::move(*accepted), std::move(*ticket), std::move(notice)};
        if (notice)
            notice->reset(std::move(accepted->socket));
    }
}

// By value: the coroutine outlives the call, and so may the route. What opens the tunnel is a
// coroutine of its own, whose memory an idle connection does not hold.
asio::awaitable<void> Proxy::serve(Admitted admitted, std::optional<Target> target,
                                   const Loop& loop) {
    co_await asio::this_coro::throw_if_cancelled(false);
    const bool has_slot = admitted.ticket.has_slot() || co_await admitted.ticket.slot();
    if (!has_slot)
        co_return;
    ResetNotice* const notice = admitted.notice.get();
    std::optional<Tunnel> tunnel = co_await open(std::move(admitted.arrival), target, notice, loop);
    if (!tunnel)
        co_return;
    const auto start = steady_clock::now();
    RelayResult result =
        co_await relay(std::move(tunnel->from_peer), std::move(tunnel->from_target), loop.pipes,
                       options_.relay, {.first = notice});
    result.first_to_second += tunnel->sent_early;
    // In an enclave (glovebox forward --listen vsock:...) it is the parent that connects.
    const std::string_view side = tunnel->peer.cid == cid_parent ? "parent" : "enclave";
    log_.info(
        "closed", "{} -> {} closed: {}",
        field("peer", TextOnDemand{[&] { return to_string(tunnel->peer); }}),
        field("target", TextOnDemand{[&] { return to_string(tunnel->target); }}),
        TextOnDemand{[&] { return describe(result, side, "target", steady_clock::now() - start); }},
        field("cid", tunnel->peer.cid),
        field("bytes", result.first_to_second + result.second_to_first),
        field("bytes_sent", result.first_to_second),
        field("bytes_received", result.second_to_first));
}

asio::awaitable<std::optional<Proxy::Tunnel>> Proxy::open(Arrival arrival,
                                                          const std::optional<Target>& target,
                                                          ResetNotice* notice, const Loop& loop) {
    const VsockAddress peer = arrival.peer;
    auto connection = std::move(arrival).on(loop.executor);
    if (!connection) {
        log_.warning("failed", "{} can't be served: {}", field("peer", to_string(peer)),
                     field("error", connection.error().message), field("cid", peer.cid));
        return nothing();
    }
    return target ? open_fixed(std::move(*connection), *target, notice)
                  : open_asked(std::move(*connection), notice, loop);
}

asio::awaitable<std::optional<Proxy::Tunnel>> Proxy::nothing() {
    co_return std::nullopt;
}

asio::awaitable<std::optional<Proxy::Tunnel>> Proxy::open_fixed(Connection connection,
                                                                Target target,
                                                                ResetNotice* notice) {
    auto dialed = co_await dialer_.dial(target, connection.peer.cid);
    if (!dialed) {
        log_.warning("failed", "{} -> {} failed: {}", field("peer", to_string(connection.peer)),
                     field("target", to_string(target)), field("error", dialed.error().message),
                     field("cid", connection.peer.cid));
        if (notice != nullptr)
            notice->reset(connection.stream.release());
        co_return std::nullopt;
    }
    log_open(connection.peer, target, *dialed);
    co_return Tunnel{connection.peer, std::move(target), std::move(connection.stream),
                     std::move(dialed->stream)};
}

asio::awaitable<Result<void>> Proxy::read_ask(Stream& stream, TunnelRequest& request,
                                              bool is_first, const Loop& loop) {
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

asio::awaitable<std::optional<Proxy::Tunnel>> Proxy::open_asked(Connection connection,
                                                                ResetNotice* notice,
                                                                const Loop& loop) {
    const std::string peer = to_string(connection.peer);
    const auto cancellation = co_await asio::this_coro::cancellation_state;
    std::string unread;
    for (bool is_first = true;; is_first = false) {
        TunnelRequest request;
        if (!unread.empty())
            request.feed(std::exchange(unread, {}));
        const auto whole = co_await read_ask(connection.stream, request, is_first, loop);
        std::optional<HttpRefusal> refusal;
        Result<Dialed> dialed = Error();
        if (whole && request.state() == TunnelRequest::State::complete) {
            dialed = co_await dialer_.dial(request.target(), connection.peer.cid);
            if (!dialed)
                refusal = refusal_of(dialed.error());
        } else if (whole) {
            refusal = request.refusal();
        } else if (!is_first && !request.has_begun()) {
            co_return std::nullopt;  // between two requests
        } else if (whole.error().code == asio::error::timed_out) {
            refusal = HttpRefusal{HttpStatus::request_timeout, "http_request_error",
                                  whole.error().message};
        } else {
            log_.info("left", "{} left before its request was whole", field("peer", peer),
                      field("cid", connection.peer.cid));
            co_return std::nullopt;
        }
        if (cancellation.cancelled() != asio::cancellation_type::none)
            co_return std::nullopt;
        if (refusal) {
            co_await refuse_asked(std::move(connection), request, *refusal);
            co_return std::nullopt;
        }
        if (!request.is_exchange())
            co_return co_await open_tunnel(std::move(connection), request, std::move(*dialed));
        auto rest = co_await serve_exchange(connection, request, std::move(*dialed), notice);
        if (!rest)
            co_return std::nullopt;
        unread = std::move(*rest);
    }
}

asio::awaitable<void> Proxy::refuse_asked(Connection connection, const TunnelRequest& request,
                                          const HttpRefusal& refusal) {
    log_.warning("refused", "{} {} refused with {}: {}", field("peer", to_string(connection.peer)),
                 field("request", request.protocol()), field("status", request.status_of(refusal)),
                 field("error", refusal.sentence), field("cid", connection.peer.cid));
    co_await say_and_close(std::move(connection.stream), request.refused_message(refusal));
}

asio::awaitable<std::optional<Proxy::Tunnel>> Proxy::open_tunnel(Connection connection,
                                                                 TunnelRequest& request,
                                                                 Dialed dialed) {
    const auto told = co_await write_all(connection.stream, request.opened_message());
    if (!told) {
        log_.info("left", "{} left before {} was reached",
                  field("peer", to_string(connection.peer)),
                  field("target", to_string(request.target())), field("cid", connection.peer.cid));
        co_return std::nullopt;
    }
    log_open(connection.peer, request.target(), dialed);
    const std::string early = request.take_early_bytes();
    std::size_t sent_early = 0;
    if (!early.empty()) {
        // If this fails the target has broken off, as the relay will find.
        const auto sent = co_await write_all(dialed.stream, early);
        sent_early = sent ? *sent : 0;
    }
    co_return Tunnel{connection.peer, request.target(), std::move(connection.stream),
                     std::move(dialed.stream), sent_early};
}

// A response that broke off must not look like a whole one that the connection's end delimits.
asio::awaitable<std::optional<std::string>> Proxy::serve_exchange(Connection& connection,
                                                                  TunnelRequest& request,
                                                                  Dialed dialed,
                                                                  ResetNotice* notice) {
    const auto start = steady_clock::now();
    const Target target = request.target();
    const std::string method(request.protocol());
    ExchangeResult result =
        co_await exchange(connection.stream, dialed.stream, request.take_exchange(),
                          {.idle_timeout = options_.relay.idle_timeout,
                           .look_interval = options_.relay.linger,
                           .is_last = [this] { return stopping_; }});
    dialed.stream.close();
    log_exchange(connection.peer, method, target, dialed.endpoint, result,
                 steady_clock::now() - start);
    if (result.client_stays)
        co_return std::move(result.unread);
    if (result.was_cut) {
        if (notice != nullptr)
            notice->reset(connection.stream.release());
        co_return std::nullopt;
    }
    std::string last_words;
    if (result.refusal)
        last_words = to_response(*result.refusal);
    co_await say_and_close(std::move(connection.stream), std::move(last_words));
    co_return std::nullopt;
}

void Proxy::log_exchange(const VsockAddress& peer, std::string_view method, const Target& target,
                         const asio::ip::tcp::endpoint& endpoint, const ExchangeResult& result,
                         steady_clock::duration took) {
    const int status = result.refusal ? static_cast<int>(result.refusal->status) : result.status;
    const bool is_whole = result.failure.empty();
    constexpr Event answered = "request";
    constexpr Event failed = "failed";
    log_.log(is_whole ? LogLevel::info : LogLevel::warning, is_whole ? answered : failed,
             "{} {} http://{} ({}) {}: {}{}{} bytes to target, {} bytes from target, {}",
             field("peer", TextOnDemand{[&] { return to_string(peer); }}), field("request", method),
             field("target", TextOnDemand{[&] { return to_string(target); }}),
             field("address", TextOnDemand{[&] { return to_string(endpoint); }}),
             is_whole ? "answered" : "failed", field("error", result.failure), is_whole ? "" : ", ",
             result.from_client, result.from_target,
             format_duration(std::chrono::duration_cast<std::chrono::milliseconds>(took)),
             field("status", status), field("cid", peer.cid),
             field("bytes", result.from_client + result.from_target),
             field("bytes_sent", result.from_client), field("bytes_received", result.from_target));
}

void Proxy::log_open(const VsockAddress& peer, const Target& target, const Dialed& dialed) {
    log_.info("open", "{} -> {} open ({})",
              field("peer", TextOnDemand{[&] { return to_string(peer); }}),
              field("target", TextOnDemand{[&] { return to_string(target); }}),
              field("address", TextOnDemand{[&] { return to_string(dialed.endpoint); }}),
              field("cid", peer.cid));
}

}  // namespace glovebox::core
