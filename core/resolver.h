// SPDX-License-Identifier: Apache-2.0

// Names to addresses, by getaddrinfo(3) on a pool of threads. So /etc/hosts, search lists and the
// rest of this host's configuration apply.
//
// getaddrinfo cannot be cancelled and may take half a minute for a name whose servers do not
// answer. So each asker waits no longer than the deadline. Requests for one name share one lookup,
// so a dead name holds one thread, however often it is requested. The threads are many, since a
// waiting thread costs little, but bounded; askers have shares of them (shares.h), half for an
// asker that is alone, so the next asker finds a thread.
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

    // The addresses of a name in the order in which to try them; never an empty list. `asker` is
    // the CID on whose behalf the name is looked up. Errors: ProxyError::name_unknown,
    // lookup_failed, lookup_timed_out, lookup_queue_full.
    [[nodiscard]] virtual boost::asio::awaitable<Result<std::vector<IpAddress>>> resolve(
        HostName name, Cid asker) = 0;
};

// One lookup, which may block. Called on any thread.
using Lookup = std::function<Result<std::vector<IpAddress>>(const HostName&)>;

// getaddrinfo(3) for stream sockets of either family.
[[nodiscard]] Result<std::vector<IpAddress>> look_up(const HostName& name);

struct ResolverOptions {
    std::size_t threads_max = 256;  // one for each lookup; half of them for one asker alone
    std::size_t waiting_max = 256;  // names of each asker; more are refused at once
    std::chrono::milliseconds deadline{5000};
};

// The pool. Use it from the executor's single thread, and destroy it before the context; only
// lookups run on other threads.
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
