// SPDX-License-Identifier: Apache-2.0

#include "core/name_cache.h"

#include <algorithm>

namespace glovebox::core {

const std::vector<IpAddress>* NameCache::find(const HostName& name, Time now) {
    const auto place = entries_.find(name);
    if (place == entries_.end())
        return nullptr;
    if (place->second.end <= now) {
        entries_.erase(place);
        return nullptr;
    }
    return &place->second.addresses;
}

void NameCache::keep(const HostName& name, const FoundAddresses& found, Time now) {
    entries_.erase(name);
    if (found.ttl.count() <= 0 || found.addresses.size() > addresses_max)
        return;
    if (entries_.size() >= names_max)
        entries_.erase(std::min_element(
            entries_.begin(), entries_.end(),
            [](const auto& a, const auto& b) { return a.second.end < b.second.end; }));
    entries_.emplace(name, Entry{found.addresses, now + std::min(found.ttl, ttl_max)});
}

}  // namespace glovebox::core
