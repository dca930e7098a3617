// SPDX-License-Identifier: Apache-2.0

// Addresses of names until their TTL has passed, at the most a minute. Only names that have
// addresses are kept: an error is asked again.
#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <vector>

#include "core/dns_query.h"
#include "core/host_name.h"
#include "core/ip_address.h"

namespace glovebox::core {

class NameCache {
  public:
    using Time = std::chrono::steady_clock::time_point;

    static constexpr std::chrono::seconds ttl_max{60};
    static constexpr std::size_t names_max = 1024;
    static constexpr std::size_t addresses_max = 64;  // a name with more is not kept

    // The addresses that hold at `now`; null without any. Valid until the next call.
    [[nodiscard]] const std::vector<IpAddress>* find(const HostName& name, Time now);

    // If the cache is full, the name whose time ends first makes room.
    void keep(const HostName& name, const FoundAddresses& found, Time now);

  private:
    struct Entry {
        std::vector<IpAddress> addresses;
        Time end;
    };
    std::map<HostName, Entry> entries_;
};

}  // namespace glovebox::core
