// SPDX-License-Identifier: Apache-2.0

#include "core/ingress/ingress.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <boost/asio/error.hpp>
#include <utility>

#include "core/base/clock.h"
#include "core/dial/dialer.h"
#include "core/stream/socket_endpoint.h"
#include "core/stream/stream_io.h"
#include "core/stream/timeout.h"

namespace glovebox::core {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using std::chrono::steady_clock;

// Reads until `reader` has what it needs, and appends every byte to `bytes`. Errors: the client
// left before.
template <class Reader>
asio::awaitable<Result<void>> read_until_decided(Stream& client, Reader& reader,
                                                 std::string& bytes) {
    std::array<char, 4096> buffer;
    while (reader.state() == Reader::State::needs_more) {
        const auto got = co_await read_some(client, buffer);
        if (!got)
            co_return got.error();
        if (*got == 0)
            co_return Error(asio::error::make_error_code(asio::error::connection_aborted),
                            "the stream ended");
        reader.feed({buffer.data(), *got});
        bytes.append(buffer.data(), *got);
    }
    co_return Result<void>();
}

}  // namespace

// A connection, and what is known of it so far.
struct Ingress::Reading {
    std::unique_ptr<IngressArrival> arrival;
    ProxiedEnds ends;
    std::string who;  // for the log: the client, and the load balancer if there is one
    steady_clock::time_point deadline;
    std::optional<ProxyRefusal> refusal{};

    [[nodiscard]] steady_clock::duration time_left() const {
        return std::max(deadline - steady_clock::now(), steady_clock::duration::zero());
    }
};

std::string IngressArrival::name() const {
    return request && request->name() ? request->name()->text() : std::string();
}

std::string IngressArrival::description() const {
    const std::string asked = name();
    return fmt::format("{} (vsock {})", asked.empty() ? "no name" : asked, to_string(to));
}

void IngressArrival::forget_bytes() {
    header = {};
    first_bytes = {};
    request.reset();
}

Ingress::Ingress(IngressOptions options, Log& log) : options_(std::move(options)), log_(log) {}

bool Ingress::has_work_for(const std::optional<VsockAddress>& to) const {
    return !to || !options_.proxy_protocol_from.empty() || wants_header(*to) ||
           options_.limits.are_set();
}

bool Ingress::is_trusted(const tcp::endpoint& peer) const {
    const IpAddress address = unmapped(peer.address());
    return std::any_of(options_.proxy_protocol_from.begin(), options_.proxy_protocol_from.end(),
                       [&](const IpNetwork& network) { return network.contains(address); });
}

bool Ingress::wants_header(VsockAddress to) const {
    return std::any_of(options_.proxy_protocol_to.begin(), options_.proxy_protocol_to.end(),
                       [to](VsockAddress server) {
                           return (server.cid == cid_any || server.cid == to.cid) &&
                                  (server.port == port_any || server.port == to.port);
                       });
}

asio::awaitable<IngressOutcome> Ingress::receive(Stream& client, tcp::endpoint peer,
                                                 std::optional<VsockAddress> to) const {
    Reading reading;
    reading.arrival = std::make_unique<IngressArrival>();
    reading.ends = {peer, local_endpoint(client.native_handle())};
    reading.who = to_string(peer);
    reading.deadline = steady_clock::now() + options_.head_timeout;
    if (is_trusted(peer)) {
        const bool has_header = co_await read_header(client, reading);
        if (!has_header)
            co_return IngressOutcome{nullptr, reading.refusal};
    }
    IngressArrival& arrival = *reading.arrival;
    arrival.client = reading.ends.client;
    if (!admit(client, reading))
        co_return IngressOutcome{nullptr, reading.refusal};
    if (to) {
        arrival.to = *to;
    } else {
        const bool has_name = co_await read_name(client, reading);
        if (!has_name)
            co_return IngressOutcome{nullptr, reading.refusal};
    }
    if (wants_header(arrival.to))
        arrival.header = proxy_header(reading.ends, {arrival.name(), std::nullopt});
    co_return IngressOutcome{std::move(reading.arrival), std::nullopt};
}

asio::awaitable<bool> Ingress::read_header(Stream& client, Reading& reading) const {
    ProxyHeaderReader reader;
    std::string bytes;
    const auto read = co_await with_timeout(read_until_decided(client, reader, bytes),
                                            reading.time_left(), no_answer(options_.head_timeout));
    if (!read && read.error().code != asio::error::timed_out) {
        // Load balancers look so whether somebody listens.
        log_.debug("left", "{} left before its PROXY header was whole", field("peer", reading.who));
        co_return false;
    }
    if (!read || reader.state() == ProxyHeaderReader::State::refused) {
        reading.refusal = read ? ProxyRefusal::bad_request : ProxyRefusal::request_timed_out;
        std::string why = read ? reader.sentence()
                               : fmt::format("no whole PROXY header came within {}",
                                             format_duration(options_.head_timeout));
        co_await refuse(std::move(client), reading.who, std::move(why), {});
        co_return false;
    }
    reading.arrival->first_bytes = reader.take_early_bytes();
    if (const auto& ends = reader.ends()) {
        reading.who = fmt::format("{} by {}", to_string(ends->client), reading.who);
        reading.ends = *ends;
    }
    co_return true;
}

bool Ingress::admit(Stream& client, Reading& reading) const {
    if (!options_.limits.are_set())
        return true;
    auto verdict = options_.limits.admit(reading.ends.client.address());
    if (!verdict.ticket) {
        reading.refusal = ProxyRefusal::client_limit;
        if (verdict.is_logged)
            log_.warning("refused", "{} refused: {} ({} refused since the last such line)",
                         field("peer", reading.who), field("error", verdict.reason),
                         verdict.refused_before);
        client.reset_when_closed();
        client.close();
        return false;
    }
    reading.arrival->ticket.emplace(std::move(*verdict.ticket));
    return true;
}

asio::awaitable<bool> Ingress::read_name(Stream& client, Reading& reading) const {
    IngressArrival& arrival = *reading.arrival;
    NameRequest& request = arrival.request.emplace();
    if (!arrival.first_bytes.empty())
        request.feed(arrival.first_bytes);
    const auto read =
        co_await with_timeout(read_until_decided(client, request, arrival.first_bytes),
                              reading.time_left(), no_answer(options_.head_timeout));
    std::string why;
    std::string message;
    if (!read && read.error().code == asio::error::timed_out) {
        reading.refusal = ProxyRefusal::request_timed_out;
        why = fmt::format("no whole {} came within {}",
                          request.protocol() == "TLS" ? "ClientHello" : "request head",
                          format_duration(options_.head_timeout));
        message = request.late_message(why);
    } else if (!read) {
        log_.info("left", "{} left before it had named a server", field("peer", reading.who));
        co_return false;
    } else if (request.state() == NameRequest::State::refused) {
        reading.refusal = ProxyRefusal::bad_request;
        why = request.sentence();
        message = request.refused_message();
    } else {
        const TcpPort port = local_endpoint(client.native_handle()).port();
        if (const auto to = options_.routes.find(request.name(), port)) {
            arrival.to = *to;
            co_return true;
        }
        reading.refusal = ProxyRefusal::no_route;
        why = request.name()
                  ? fmt::format("no route leads to {0}: add --route {0}=CID:PORT",
                                request.name()->text())
                  : fmt::format(
                        "it names no server in its {}, and no route is for such clients: "
                        "add --route '*=CID:PORT'",
                        request.protocol() == "TLS" ? "ClientHello (SNI)" : "request");
        message = request.unknown_message(why);
    }
    co_await refuse(std::move(client), reading.who, std::move(why), std::move(message));
    co_return false;
}

asio::awaitable<void> Ingress::refuse(Stream client, std::string who, std::string why,
                                      std::string message) const {
    log_.warning("refused", "{} refused: {}", field("peer", who), field("error", why));
    if (message.empty())
        client.reset_when_closed();
    else
        co_await say_and_close(std::move(client), std::move(message));
}

}  // namespace glovebox::core
