// SPDX-License-Identifier: Apache-2.0

// Names to addresses. Lookups are getaddrinfo(3)'s, so /etc/hosts, search lists and every other
// habit of this host apply, on a few threads of their own.
//
// getaddrinfo can't be called off and may take half a minute for a name whose servers are dead.
// Therefore: each asker waits no longer than the deadline; all who ask for one name share one
// lookup, so that a dead name holds one thread however often it is asked for; and the threads are
// many, since a thread that waits costs little, but bounded. Askers have shares of them (shares.h),
// half for an asker that is alone, so that whatever names it comes with, the next one finds a
// thread.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

#include "core/base/error.h"
#include "core/host_name.h"
#include "core/ip_address.h"
#include "core/vsock_address.h"

namespace glovebox::core {

class Resolver {
  public:
    virtual ~Resolver() = default;

    // The addresses of a name in the order in which they are to be tried; never an empty list.
    // `asker` is the CID on whose behalf it is looked up.
    // Errors: ProxyError::name_unknown, lookup_failed, lookup_timed_out, lookup_queue_full.
    [[nodiscard]] virtual boost::asio::awaitable<Result<std::vector<IpAddress>>> resolve(
        HostName name, Cid asker) = 0;
};

// One lookup, which may block. Called on any thread.
using Lookup = std::function<Result<std::vector<IpAddress>>(const HostName&)>;

// getaddrinfo(3) for stream sockets of either family.
[[nodiscard]] Result<std::vector<IpAddress>> look_up(const HostName& name);

struct ResolverOptions {
    std::size_t threads_max = 256;  // one a lookup; half of them for one asker who is alone
    std::size_t waiting_max = 256;  // of each asker's names; more are refused at once
    std::chrono::milliseconds deadline{5000};
};

// The threads. Used from the executor's one thread, and destroyed before its context; only the
// lookups run elsewhere.
class ThreadedResolver final : public Resolver {
  public:
    ThreadedResolver(boost::asio::any_io_executor executor, ResolverOptions options = {},
                     Lookup lookup = look_up);
    // Returns at once: a thread that hangs in a lookup ends by itself and then touches no object of
    // this program.
    ~ThreadedResolver() override;

    boost::asio::awaitable<Result<std::vector<IpAddress>>> resolve(HostName name,
                                                                   Cid asker) override;

  private:
    struct Flight;
    class Flights;

    std::chrono::milliseconds deadline_;
    std::shared_ptr<Flights> flights_;
};

}  // namespace glovebox::core
