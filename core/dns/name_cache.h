// SPDX-License-Identifier: Apache-2.0

// Answers about names: addresses until their TTL has passed, at the most a minute, and for a short
// time that a name has none. Another error is not kept.
#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <vector>

#include "core/address/host_name.h"
#include "core/address/ip_address.h"
#include "core/base/error.h"
#include "core/dns/dns_query.h"

namespace glovebox::core {

class NameCache {
  public:
    using Time = std::chrono::steady_clock::time_point;

    static constexpr std::chrono::seconds ttl_max{60};
    // Of a name that does not exist. c-ares does not hand on the time that its zone gives for that
    // (RFC 2308, 5), so it is short.
    static constexpr std::chrono::seconds unknown_ttl{5};
    static constexpr std::size_t names_max = 1024;

    // The answer that holds at `now`; null without one. Valid until the next call.
    [[nodiscard]] const Result<std::vector<IpAddress>>* find(const HostName& name, Time now);

    // If the cache is full, the name whose time ends first makes room.
    void keep(const HostName& name, const Result<FoundAddresses>& found, Time now);

    void clear() { entries_.clear(); }

  private:
    struct Entry {
        Result<std::vector<IpAddress>> answer;
        Time end;
    };
    std::map<HostName, Entry> entries_;
};

}  // namespace glovebox::core
