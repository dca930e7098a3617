// SPDX-License-Identifier: Apache-2.0

// The proxy's Resolver: answers are cached, and no asker's dead names hold up another.
//
// A name whose servers do not answer holds sockets until its lookup is given up. So each asker
// waits no longer than the deadline; requests for one name share one lookup, which is cancelled
// when the last of them has left; and askers have shares of the lookups (loop/shares.h), half for
// an asker that is alone, so the next asker finds one.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/dns/name_lookup.h"
#include "core/dns/resolver.h"

namespace glovebox::core {

// One lookup, which can be cancelled.
using Lookup = std::function<boost::asio::awaitable<Result<FoundAddresses>>(HostName name)>;

// By this host's files, which are kept parsed.
[[nodiscard]] Lookup lookup_by(const NameFiles& files = {});

struct ResolverOptions {
    std::size_t lookups_max = 256;  // at a time; half of them for one asker alone
    std::size_t waiting_max = 256;  // names of each asker; more are refused at once
    std::chrono::milliseconds deadline{5000};
    // A change of one of these files drops every kept answer.
    std::vector<std::string> files = NameFiles().paths();
};

// Asks from any loop are answered there. Lookups are on the executor, which is not run by several
// threads at once; destroy the resolver before its context.
class DnsResolver final : public Resolver {
  public:
    DnsResolver(boost::asio::any_io_executor executor, ResolverOptions options, Lookup lookup);
    // Cancels all lookups.
    ~DnsResolver() override;

    boost::asio::awaitable<Result<std::vector<IpAddress>>> resolve(HostName name,
                                                                   Cid asker) override;

  private:
    struct Flight;
    class Flights;
    struct Question;

    // On the executor.
    [[nodiscard]] static boost::asio::awaitable<Result<std::vector<IpAddress>>> look_up(
        std::shared_ptr<Flights> flights, HostName name, Cid asker);
    // On another loop.
    [[nodiscard]] static boost::asio::awaitable<Result<std::vector<IpAddress>>> ask(
        std::shared_ptr<Flights> flights, HostName name, Cid asker);

    std::shared_ptr<Flights> flights_;
};

}  // namespace glovebox::core
