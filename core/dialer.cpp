// SPDX-License-Identifier: Apache-2.0

#include "core/dialer.h"

#include <fmt/core.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/steady_timer.hpp>
#include <cerrno>
#include <utility>

#include "core/asio_result.h"
#include "core/base/clock.h"
#include "core/base/unique_fd.h"
#include "core/peer_presence.h"
#include "core/proxy_error.h"
#include "core/timeout.h"

namespace glovebox::core {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using std::chrono::steady_clock;

// A name with more addresses than these has its first ones tried.
constexpr std::size_t addresses_max = 8;

Error failure_of(int errno_value) {
    const boost::system::error_code failure(errno_value, boost::system::system_category());
    return Error(failure, failure.message());
}

}  // namespace

std::string to_string(const tcp::endpoint& endpoint) {
    return to_string(Target{endpoint.address(), endpoint.port()});
}

Result<ResolvedTarget> parse_resolved_target(std::string_view text) {
    const std::size_t equals = text.find('=');
    if (equals == std::string_view::npos)
        return Error(ProxyError::bad_target,
                     fmt::format("\"{}\": HOST:PORT=ADDRESS:PORT was expected, for example "
                                 "kms.us-east-1.amazonaws.com:443=127.0.0.1:4600",
                                 text));
    auto target = parse_target(text.substr(0, equals));
    if (!target)
        return target.error();
    const auto served = parse_target(text.substr(equals + 1));
    if (!served)
        return served.error();
    const auto* address = std::get_if<IpAddress>(&served->host);
    if (address == nullptr)
        return Error(ProxyError::bad_target,
                     fmt::format("\"{}\": an IP address was expected after the equals sign, not a "
                                 "name",
                                 text));
    return ResolvedTarget{std::move(*target), tcp::endpoint(*address, served->port)};
}

std::string target_name(const ResolvedTarget& resolved) {
    return to_string(resolved.target);
}

Dialer::Dialer(Allowlist allowlist, Resolver& resolver, DialerOptions options)
    : allowlist_(std::move(allowlist)), resolver_(resolver), options_(std::move(options)) {}

// The name's addresses.
asio::awaitable<Result<std::vector<IpAddress>>> Dialer::look_up(const Target& target, Cid asker) {
    if (const auto verdict = allowlist_.may_look_up(target); !verdict)
        co_return verdict.error();
    auto answer = co_await resolver_.resolve(std::get<HostName>(target.host), asker);
    if (!answer && allowlist_.find_name(target) == nullptr)
        co_return Error(ProxyError::not_allowed,
                        fmt::format("{} is not in the allowlist: no rule names it, and whether "
                                    "one for addresses opens it can't be known: {}",
                                    to_string(target), answer.error().message));
    co_return answer;
}

// The target's addresses less those that the allowlist refuses; not empty.
Result<std::vector<tcp::endpoint>> Dialer::judge(const Target& target,
                                                 std::span<const IpAddress> addresses) const {
    const std::vector<IpAddress>& own = options_.own_addresses->get();
    Error refusal;
    std::vector<tcp::endpoint> allowed;
    for (const IpAddress& address : addresses) {
        const auto verdict = allowlist_.may_dial(target, address, own);
        if (verdict && allowed.size() < addresses_max)
            allowed.emplace_back(address, target.port);
        else if (!verdict && refusal.code != ProxyError::not_allowed)
            refusal = verdict.error();
    }
    if (!allowed.empty())
        return allowed;
    if (addresses.empty())
        return Error(ProxyError::name_unknown,
                     fmt::format("the name {} has no address", to_string(target.host)));
    return refusal;
}

const ResolvedTarget* Dialer::find_resolved(const Target& target) const {
    const auto found =
        std::find_if(options_.resolved.begin(), options_.resolved.end(),
                     [&](const ResolvedTarget& one) { return one.target == target; });
    return found == options_.resolved.end() ? nullptr : &*found;
}

std::optional<tcp::endpoint> Dialer::find_served(const Target& target) const {
    if (!options_.served || allowlist_.find_name(target) == nullptr)
        return std::nullopt;
    for (const ResolvedTarget& one : options_.served())
        if (one.target == target)
            return one.endpoint;
    return std::nullopt;
}

// Of a target whose addresses need no lookup.
std::optional<Result<std::vector<tcp::endpoint>>> Dialer::known_endpoints(
    const Target& target) const {
    if (const ResolvedTarget* resolved = find_resolved(target))
        return std::vector<tcp::endpoint>{resolved->endpoint};
    if (const auto served = find_served(target))
        return std::vector<tcp::endpoint>{*served};
    if (const auto* address = std::get_if<IpAddress>(&target.host)) {
        if (const auto verdict = allowlist_.may_look_up(target); !verdict)
            return verdict.error();
        return judge(target, {address, 1});
    }
    return std::nullopt;
}

asio::awaitable<Result<std::vector<tcp::endpoint>>> Dialer::looked_up_endpoints(
    const Target& target, Cid asker) {
    const auto addresses = co_await look_up(target, asker);
    if (!addresses)
        co_return addresses.error();
    co_return judge(target, *addresses);
}

Result<void> Dialer::may_dial(const Target& target) const {
    if (find_resolved(target) != nullptr)
        return {};
    const auto* address = std::get_if<IpAddress>(&target.host);
    if (address == nullptr)
        return allowlist_.may_look_up(target);
    if (const auto verdict = allowlist_.may_dial(target, *address, options_.own_addresses->get());
        !verdict)
        return verdict.error();
    return {};
}

asio::awaitable<Result<Stream>> Dialer::connect(tcp::endpoint endpoint,
                                                std::chrono::milliseconds patience) {
    UniqueFd socket(
        ::socket(endpoint.protocol().family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!socket)
        co_return errno_error("no socket can be made", errno);
    // A relay has its own batches: what it writes is to leave at once.
    const int on = 1;
    ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    const auto size = static_cast<socklen_t>(endpoint.size());
    const bool connects = ::connect(socket.get(), endpoint.data(), size) != 0;
    if (connects && errno != EINPROGRESS)
        co_return failure_of(errno);
    auto stream = Stream::make(co_await asio::this_coro::executor, std::move(socket), connects);
    if (!stream)
        co_return stream.error();
    const Deadline deadline(stream->get_executor(), patience,
                            [&] { stream->watch().cancel(Stream::Event::writable); });
    const auto failure = co_await stream->ready(Stream::Event::writable);
    if (deadline.has_expired())
        co_return Error(ProxyError::connect_timed_out,
                        fmt::format("no answer within {}", format_duration(patience)));
    if (failure)
        co_return Error(failure, failure.message());
    if (const int ended = stream->connect_result(); ended != 0)
        co_return failure_of(ended);
    co_return stream;
}

// No kernel tells of a TCP port that begins to listen.
asio::awaitable<Result<Stream>> Dialer::connect_to_listener(tcp::endpoint endpoint,
                                                            std::chrono::milliseconds patience) {
    using namespace std::chrono_literals;
    constexpr std::chrono::milliseconds pause_max = 200ms;
    const auto end = steady_clock::now() + patience;
    asio::steady_timer timer(co_await asio::this_coro::executor);
    for (std::chrono::milliseconds pause = 10ms;; pause = std::min(pause * 2, pause_max)) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - steady_clock::now());
        auto stream = co_await connect(endpoint, std::max(left, 0ms));
        if (stream || stream.error().code != asio::error::connection_refused)
            co_return stream;
        timer.expires_at(std::min(steady_clock::now() + pause, end));
        const auto [cancelled] = co_await timer.async_wait(as_result);
        if (cancelled)
            co_return stream;
        if (steady_clock::now() >= end)
            co_return Error(
                ProxyError::connect_timed_out,
                fmt::format("nothing listened there within {}", format_duration(patience)));
    }
}

asio::awaitable<Result<Stream>> Dialer::reach(const tcp::endpoint& endpoint,
                                              std::chrono::milliseconds patience) const {
    return options_.awaits_listeners ? connect_to_listener(endpoint, patience)
                                     : connect(endpoint, patience);
}

asio::awaitable<Result<Dialed>> Dialer::dial(Target target, Cid asker) {
    auto known = known_endpoints(target);
    if (!known)
        known = co_await looked_up_endpoints(target, asker);
    const auto& endpoints = *known;
    if (!endpoints)
        co_return endpoints.error();
    const auto start = steady_clock::now();
    Error last;
    std::string tried;
    for (std::size_t i = 0; i < endpoints->size(); ++i) {
        const tcp::endpoint& endpoint = (*endpoints)[i];
        // To the millisecond, since it is said.
        const auto spent =
            i == 0 ? std::chrono::milliseconds(0)
                   : std::chrono::round<std::chrono::milliseconds>(steady_clock::now() - start);
        const auto left = std::max(options_.connect_timeout - spent, std::chrono::milliseconds(0));
        const auto share = left / static_cast<int>(endpoints->size() - i);
        auto stream = co_await reach(endpoint, share);
        if (stream)
            co_return Dialed{std::move(*stream), endpoint};
        last = stream.error();
        if (last.code == asio::error::operation_aborted)
            break;
        tried +=
            fmt::format("{}{}: {}", tried.empty() ? "" : "; ", to_string(endpoint), last.message);
    }
    last.message = fmt::format("{} can't be reached: {}", to_string(target),
                               tried.empty() ? last.message : tried);
    co_return last;
}

}  // namespace glovebox::core
