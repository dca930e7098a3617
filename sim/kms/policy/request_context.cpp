// SPDX-License-Identifier: Apache-2.0

#include "sim/kms/policy/request_context.h"

#include "core/base/ascii.h"
#include "sim/kms/policy/pattern.h"

namespace glovebox::kms::policy {

void RequestContext::set(std::string key, std::string value) {
    set(std::move(key), std::vector<std::string>{std::move(value)});
}

void RequestContext::set(std::string key, std::vector<std::string> values) {
    std::string lower = to_lower(key);
    // Two keys of an encryption context may differ in case alone; conditions see the values of
    // both.
    Entry& entry = by_lower_case_[std::move(lower)];
    if (entry.key.empty())
        entry.key = std::move(key);
    entry.values.insert(entry.values.end(), std::make_move_iterator(values.begin()),
                        std::make_move_iterator(values.end()));
}

void RequestContext::replace(std::string key, std::vector<std::string> values) {
    by_lower_case_.erase(to_lower(key));
    set(std::move(key), std::move(values));
}

bool RequestContext::mentions(std::string_view key) const {
    return by_lower_case_.contains(to_lower(key));
}

const RequestContext::Entry* RequestContext::find(std::string_view key) const {
    const auto found = by_lower_case_.find(to_lower(key));
    return found == by_lower_case_.end() || found->second.values.empty() ? nullptr : &found->second;
}

std::vector<RequestContext::Entry> RequestContext::entries() const {
    std::vector<Entry> all;
    for (const auto& [lower, entry] : by_lower_case_)
        all.push_back(entry);
    return all;
}

}  // namespace glovebox::kms::policy
