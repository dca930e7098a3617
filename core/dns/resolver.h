// SPDX-License-Identifier: Apache-2.0

// Names to addresses, for the dialer.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <vector>

#include "core/address/host_name.h"
#include "core/address/ip_address.h"
#include "core/address/vsock_address.h"
#include "core/base/error.h"

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

}  // namespace glovebox::core
