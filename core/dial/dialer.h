// SPDX-License-Identifier: Apache-2.0

// The proxy's only way to the network. A Dialer asks the allowlist, resolves once, judges each
// address, and connects to the first that answers of those that were judged.
//
// Outcomes, as Error::code:
//   ProxyError::not_allowed               the allowlist refuses the name or every address
//   ProxyError::name_unknown, lookup_...  the resolver's
//   ProxyError::connect_timed_out         no address answered in time
//   ECONNREFUSED, ENETUNREACH, ...       errno's: the answer of the last address
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/address/target.h"
#include "core/base/error.h"
#include "core/dial/dial_race.h"
#include "core/dial/own_addresses.h"
#include "core/dns/resolver.h"
#include "core/metrics/proxy_metrics.h"
#include "core/rules/allowlist.h"
#include "core/stream/transport.h"

namespace glovebox::core {

// A target that is served elsewhere, as curl's --resolve: connections to `target` go to `endpoint`,
// without a lookup and without the allowlist, since the same user chooses both.
struct ResolvedTarget {
    Target target;
    boost::asio::ip::tcp::endpoint endpoint;

    bool operator==(const ResolvedTarget&) const = default;
};

// "kms.us-east-1.amazonaws.com:443=127.0.0.1:4600". Errors: ProxyError::bad_target.
[[nodiscard]] Result<ResolvedTarget> parse_resolved_target(std::string_view text);

// "kms.us-east-1.amazonaws.com:443": a list has at most one endpoint for it.
[[nodiscard]] std::string target_name(const ResolvedTarget& resolved);

// A name with more addresses has its first ones tried.
inline constexpr std::size_t dial_attempts_max = 8;

struct DialerOptions {
    // For all addresses of one target together.
    std::chrono::milliseconds connect_timeout{10000};
    // Of one target's addresses, so many are connected to at a time, by a descriptor each.
    std::size_t attempts_max = dial_attempts_max;
    // This host's addresses, looked up for each connection.
    std::shared_ptr<OwnAddresses> own_addresses = std::make_shared<OwnAddresses>();
    std::vector<ResolvedTarget> resolved;  // the first of a target holds
    // Targets that are served elsewhere as long as their servers run; called for each connection to
    // a target that `resolved` does not have. Unlike with those, the allowlist has to name the
    // target.
    std::function<std::vector<ResolvedTarget>()> served{};
    // A refusal is of a server that has yet to start: it is tried again within connect_timeout.
    bool awaits_listeners = false;
    // Learns how long lookups and connects took.
    std::shared_ptr<ProxyMetrics> metrics = std::make_shared<ProxyMetrics>();
};

struct Dialed {
    Stream stream;
    boost::asio::ip::tcp::endpoint endpoint;  // the address that was judged
};

// Every function may be called from any loop; a connection is on the caller's.
class Dialer {
  public:
    Dialer(Allowlist allowlist, Resolver& resolver, DialerOptions options = {});

    // Connects for the peer with the CID `asker`, whose share of the lookups this counts against.
    [[nodiscard]] boost::asio::awaitable<Result<Dialed>> dial(Target target, Cid asker);

    // Judges by another list from now on. Connections that are open stay; allows() says which of
    // them another list forbids.
    void replace(Allowlist allowlist);
    [[nodiscard]] std::shared_ptr<const Allowlist> allowlist() const;

    // Whether a connection that was dialled for the peer may go on by the rules of now.
    [[nodiscard]] bool allows(const Target& target, Cid asker,
                              const boost::asio::ip::tcp::endpoint& endpoint) const;

    // The decision that needs no lookup. A refusal is final; a name that passes may still resolve
    // to an address that is refused. With cid_any, what any enclave may: a rule for one CID counts,
    // too.
    [[nodiscard]] Result<void> may_dial(const Target& target, Cid asker = cid_any) const;
    // The same for a host that may be dialled at one of the ports or more, of which there is one. A
    // refusal names the rule for the port of HTTPS, if that is among them, or for the first.
    [[nodiscard]] Result<void> may_dial(const Host& host, std::span<const TcpPort> ports,
                                        Cid asker) const;

  private:
    [[nodiscard]] boost::asio::awaitable<Result<std::vector<IpAddress>>> look_up(
        const Target& target, Cid asker);
    [[nodiscard]] Result<std::vector<boost::asio::ip::tcp::endpoint>> judge(
        const Allowlist& allowlist, const Target& target, Cid asker,
        std::span<const IpAddress> addresses) const;
    [[nodiscard]] const ResolvedTarget* find_resolved(const Target& target) const;
    [[nodiscard]] std::optional<boost::asio::ip::tcp::endpoint> find_served(
        const Allowlist& allowlist, const Target& target, Cid asker) const;
    [[nodiscard]] std::optional<Result<std::vector<boost::asio::ip::tcp::endpoint>>>
    known_endpoints(const Target& target, Cid asker) const;
    [[nodiscard]] boost::asio::awaitable<Result<std::vector<boost::asio::ip::tcp::endpoint>>>
    looked_up_endpoints(const Target& target, Cid asker);
    // race_to(), again after a refusal.
    [[nodiscard]] boost::asio::awaitable<DialRace> race_to_listeners(
        std::vector<boost::asio::ip::tcp::endpoint> endpoints) const;

    mutable std::mutex mutex_;  // of the pointer
    std::shared_ptr<const Allowlist> allowlist_;
    Resolver& resolver_;
    DialerOptions options_;
};

// "192.0.2.7:443", "[2001:db8::7]:443".
[[nodiscard]] std::string to_string(const boost::asio::ip::tcp::endpoint& endpoint);

}  // namespace glovebox::core
