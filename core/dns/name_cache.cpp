// SPDX-License-Identifier: Apache-2.0

#include "core/dns/name_cache.h"

#include <algorithm>

#include "core/address/proxy_error.h"

namespace glovebox::core {

const Result<std::vector<IpAddress>>* NameCache::find(const HostName& name, Time now) {
    const auto place = entries_.find(name);
    if (place == entries_.end())
        return nullptr;
    if (place->second.end <= now) {
        entries_.erase(place);
        return nullptr;
    }
    return &place->second.answer;
}

void NameCache::keep(const HostName& name, const Result<FoundAddresses>& found, Time now) {
    entries_.erase(name);
    if (found ? found->ttl.count() <= 0 : found.error().code != ProxyError::name_unknown)
        return;
    if (entries_.size() >= names_max)
        entries_.erase(std::min_element(
            entries_.begin(), entries_.end(),
            [](const auto& a, const auto& b) { return a.second.end < b.second.end; }));
    if (found)
        entries_.emplace(name, Entry{found->addresses, now + std::min(found->ttl, ttl_max)});
    else
        entries_.emplace(name, Entry{found.error(), now + unknown_ttl});
}

}  // namespace glovebox::core
