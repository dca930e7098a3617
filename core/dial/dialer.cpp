// SPDX-License-Identifier: Apache-2.0

#include "core/dial/dialer.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <boost/asio/steady_timer.hpp>
#include <utility>

#include "core/address/proxy_error.h"
#include "core/base/clock.h"
#include "core/dial/dial_race.h"
#include "core/stream/asio_result.h"

namespace glovebox::core {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using std::chrono::steady_clock;

// The families by turns, each in its order (RFC 8305 section 4), so that a family that leads
// nowhere does not hide the other one.
std::vector<tcp::endpoint> by_turns(const std::vector<tcp::endpoint>& endpoints) {
    std::vector<tcp::endpoint> sorted;
    const auto of_family = [&](auto from, bool v6) {
        return std::find_if(from, endpoints.end(), [v6](const tcp::endpoint& endpoint) {
            return endpoint.address().is_v6() == v6;
        });
    };
    bool v6 = endpoints.front().address().is_v6();
    std::array next{of_family(endpoints.begin(), false), of_family(endpoints.begin(), true)};
    while (sorted.size() < std::min(endpoints.size(), dial_attempts_max)) {
        if (next[v6] == endpoints.end())
            v6 = !v6;
        sorted.push_back(*next[v6]);
        next[v6] = of_family(next[v6] + 1, v6);
        v6 = !v6;
    }
    return sorted;
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
    : allowlist_(std::make_shared<const Allowlist>(std::move(allowlist))),
      resolver_(resolver),
      options_(std::move(options)) {}

void Dialer::replace(Allowlist allowlist) {
    auto next = std::make_shared<const Allowlist>(std::move(allowlist));
    const std::lock_guard guard(mutex_);
    allowlist_.swap(next);
}

std::shared_ptr<const Allowlist> Dialer::allowlist() const {
    const std::lock_guard guard(mutex_);
    return allowlist_;
}

// The name's addresses.
asio::awaitable<Result<std::vector<IpAddress>>> Dialer::look_up(const Target& target, Cid asker) {
    if (const auto verdict = allowlist()->may_look_up(target, asker); !verdict)
        co_return verdict.error();
    const auto start = steady_clock::now();
    auto answer = co_await resolver_.resolve(std::get<HostName>(target.host), asker);
    options_.metrics->observe_lookup(
        steady_clock::now() - start,
        answer ? LookupOutcome::found : lookup_outcome_of(answer.error()));
    if (!answer && allowlist()->find_name(target, asker) == nullptr)
        co_return Error(ProxyError::not_allowed,
                        fmt::format("{} is not in the allowlist: no rule names it, and whether "
                                    "one for addresses opens it can't be known: {}",
                                    to_string(target), answer.error().message));
    co_return answer;
}

// The target's addresses less those that the allowlist refuses; not empty.
Result<std::vector<tcp::endpoint>> Dialer::judge(const Allowlist& allowlist, const Target& target,
                                                 Cid asker,
                                                 std::span<const IpAddress> addresses) const {
    const auto own = options_.own_addresses->get();
    Error refusal;
    std::vector<tcp::endpoint> allowed;
    for (const IpAddress& address : addresses) {
        const auto verdict = allowlist.may_dial(target, asker, address, *own);
        if (verdict)
            allowed.emplace_back(address, target.port);
        else if (refusal.code != ProxyError::not_allowed)
            refusal = verdict.error();
    }
    if (!allowed.empty())
        return by_turns(allowed);
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

std::optional<tcp::endpoint> Dialer::find_served(const Allowlist& allowlist, const Target& target,
                                                 Cid asker) const {
    if (!options_.served || allowlist.find_name(target, asker) == nullptr)
        return std::nullopt;
    for (const ResolvedTarget& one : options_.served())
        if (one.target == target)
            return one.endpoint;
    return std::nullopt;
}

bool Dialer::allows(const Target& target, Cid asker, const tcp::endpoint& endpoint) const {
    const auto allowlist = this->allowlist();
    if (!allowlist->check_denials(target, asker))
        return false;
    if (find_resolved(target) != nullptr || find_served(*allowlist, target, asker))
        return true;
    const auto own = options_.own_addresses->get();
    return allowlist->may_dial(target, asker, endpoint.address(), *own).has_value();
}

// Of a target whose addresses need no lookup.
std::optional<Result<std::vector<tcp::endpoint>>> Dialer::known_endpoints(const Target& target,
                                                                          Cid asker) const {
    const auto allowlist = this->allowlist();
    if (const auto denied = allowlist->check_denials(target, asker); !denied)
        return denied.error();
    if (const ResolvedTarget* resolved = find_resolved(target))
        return std::vector<tcp::endpoint>{resolved->endpoint};
    if (const auto served = find_served(*allowlist, target, asker))
        return std::vector<tcp::endpoint>{*served};
    if (const auto* address = std::get_if<IpAddress>(&target.host)) {
        if (const auto verdict = allowlist->may_look_up(target, asker); !verdict)
            return verdict.error();
        return judge(*allowlist, target, asker, {address, 1});
    }
    return std::nullopt;
}

asio::awaitable<Result<std::vector<tcp::endpoint>>> Dialer::looked_up_endpoints(
    const Target& target, Cid asker) {
    const auto addresses = co_await look_up(target, asker);
    if (!addresses)
        co_return addresses.error();
    const auto allowlist = this->allowlist();
    co_return judge(*allowlist, target, asker, *addresses);
}

Result<void> Dialer::may_dial(const Target& target, Cid asker) const {
    const auto allowlist = this->allowlist();
    if (auto denied = allowlist->check_denials(target, asker); !denied)
        return denied;
    if (find_resolved(target) != nullptr)
        return {};
    const auto* address = std::get_if<IpAddress>(&target.host);
    if (address == nullptr)
        return allowlist->may_look_up(target, asker);
    const auto own = options_.own_addresses->get();
    if (const auto verdict = allowlist->may_dial(target, asker, *address, *own); !verdict)
        return verdict.error();
    return {};
}

Result<void> Dialer::may_dial(const Host& host, std::span<const TcpPort> ports, Cid asker) const {
    constexpr TcpPort https = 443;
    Error refusal;
    for (const TcpPort port : ports) {
        auto verdict = may_dial(Target{host, port}, asker);
        if (verdict)
            return {};
        if (port == ports.front() || port == https)
            refusal = verdict.error();
    }
    return refusal;
}

// No kernel tells of a TCP port that begins to listen.
asio::awaitable<DialRace> Dialer::race_to_listeners(std::vector<tcp::endpoint> endpoints) const {
    using namespace std::chrono_literals;
    constexpr std::chrono::milliseconds pause_max = 200ms;
    const auto end = steady_clock::now() + options_.connect_timeout;
    asio::steady_timer timer(co_await asio::this_coro::executor);
    for (std::chrono::milliseconds pause = 10ms;; pause = std::min(pause * 2, pause_max)) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - steady_clock::now());
        DialRace race = co_await race_to(endpoints, std::max(left, 0ms), options_.attempts_max);
        if (race.winner || race.failures.back().second.code != asio::error::connection_refused)
            co_return race;
        timer.expires_at(std::min(steady_clock::now() + pause, end));
        const auto [cancelled] = co_await timer.async_wait(as_result);
        if (cancelled)
            co_return race;
        if (steady_clock::now() < end)
            continue;
        for (auto& [endpoint, failure] : race.failures)
            failure = Error(ProxyError::connect_timed_out,
                            fmt::format("nothing listened there within {}",
                                        format_duration(options_.connect_timeout)));
        co_return race;
    }
}

asio::awaitable<Result<Dialed>> Dialer::dial(Target target, Cid asker) {
    auto known = known_endpoints(target, asker);
    if (!known)
        known = co_await looked_up_endpoints(target, asker);
    const auto& endpoints = *known;
    if (!endpoints)
        co_return endpoints.error();
    DialRace race;
    const auto start = steady_clock::now();
    if (options_.awaits_listeners)
        race = co_await race_to_listeners(*endpoints);
    else
        race = co_await race_to(*endpoints, options_.connect_timeout, options_.attempts_max);
    options_.metrics->observe_dial(steady_clock::now() - start);
    if (race.winner)
        co_return Dialed{std::move(race.winner->second), race.winner->first};
    std::string tried;
    for (const auto& [endpoint, failure] : race.failures)
        tried += fmt::format("{}{}: {}", tried.empty() ? "" : "; ", to_string(endpoint),
                             failure.message);
    co_return Error(race.failures.back().second.code,
                    fmt::format("{} can't be reached: {}", to_string(target), tried));
}

}  // namespace glovebox::core
