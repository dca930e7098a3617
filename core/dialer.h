// SPDX-License-Identifier: Apache-2.0

// The one way out. A Dialer asks the allowlist, resolves once, judges each address and connects to
// the very address that was judged; whoever holds a Dialer has no other means to reach the network.
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
#include <string>
#include <string_view>
#include <vector>

#include "core/allowlist.h"
#include "core/base/error.h"
#include "core/resolver.h"
#include "core/target.h"
#include "core/transport.h"

namespace glovebox::core {

// A target that is served elsewhere, curl's --resolve with a port of its own: whoever asks for it
// gets this endpoint, without a lookup and without the allowlist, since both were said by one
// person.
struct ResolvedTarget {
    Target target;
    boost::asio::ip::tcp::endpoint endpoint;

    bool operator==(const ResolvedTarget&) const = default;
};

// "kms.us-east-1.amazonaws.com:443=127.0.0.1:4600". Errors: ProxyError::bad_target.
[[nodiscard]] Result<ResolvedTarget> parse_resolved_target(std::string_view text);

// "kms.us-east-1.amazonaws.com:443": a list has one endpoint for it at the most.
[[nodiscard]] std::string target_name(const ResolvedTarget& resolved);

struct DialerOptions {
    // For all addresses of one target together; each gets an equal share of what is left.
    std::chrono::milliseconds connect_timeout{10000};
    // This host's addresses, asked anew for each dial.
    std::function<std::vector<IpAddress>()> own_addresses = core::own_addresses;
    std::vector<ResolvedTarget> resolved;  // the first of a target holds
    // A refusal is of a server that has yet to start: it is tried again within connect_timeout.
    bool awaits_listeners = false;
};

struct Dialed {
    Stream stream;
    boost::asio::ip::tcp::endpoint endpoint;  // what was judged and dialled
};

class Dialer {
  public:
    Dialer(Allowlist allowlist, Resolver& resolver, DialerOptions options = {});

    // For the peer with the CID `asker`, whose share of the lookups it is counted to.
    [[nodiscard]] boost::asio::awaitable<Result<Dialed>> dial(Target target, Cid asker);

    // What can be said of a target without a lookup: a refusal is final, a name that passes may
    // still turn out to mean an address that does not.
    [[nodiscard]] Result<void> may_dial(const Target& target) const;

  private:
    [[nodiscard]] boost::asio::awaitable<Result<std::vector<IpAddress>>> judged_addresses(
        const Target& target, Cid asker);
    [[nodiscard]] const ResolvedTarget* find_resolved(const Target& target) const;
    [[nodiscard]] boost::asio::awaitable<Result<std::vector<boost::asio::ip::tcp::endpoint>>>
    endpoints_of(const Target& target, Cid asker);
    [[nodiscard]] static boost::asio::awaitable<Result<Stream>> connect(
        boost::asio::ip::tcp::endpoint endpoint);
    // The same, again after a refusal until it is cancelled.
    [[nodiscard]] static boost::asio::awaitable<Result<Stream>> connect_to_listener(
        boost::asio::ip::tcp::endpoint endpoint);
    // One of the two, as the options have it.
    [[nodiscard]] boost::asio::awaitable<Result<Stream>> reach(
        const boost::asio::ip::tcp::endpoint& endpoint) const;

    Allowlist allowlist_;
    Resolver& resolver_;
    DialerOptions options_;
};

// "192.0.2.7:443", "[2001:db8::7]:443".
[[nodiscard]] std::string to_string(const boost::asio::ip::tcp::endpoint& endpoint);

}  // namespace glovebox::core
