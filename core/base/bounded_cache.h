// SPDX-License-Identifier: Apache-2.0

// Results that were computed before, by what they were computed from. A full cache replaces its
// oldest entry, so whoever sends ever new keys costs others speed and nothing else. All functions
// may be called from any thread.
#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <utility>

namespace glovebox {

template <class Key, class Value>
class BoundedCache {
  public:
    // Holds at least one entry.
    explicit BoundedCache(std::size_t entries_max) : entries_max_(entries_max) {}

    // A copy, so that a thread that replaces the entry disturbs nobody.
    [[nodiscard]] std::optional<Value> find(const Key& key) const {
        const std::lock_guard lock(mutex_);
        const auto found = entries_.find(key);
        if (found == entries_.end())
            return std::nullopt;
        return found->second;
    }

    // An entry that is there stays as it is.
    void add(Key key, Value value) {
        const std::lock_guard lock(mutex_);
        if (!entries_.emplace(key, std::move(value)).second)
            return;
        oldest_first_.push_back(std::move(key));
        if (oldest_first_.size() > entries_max_) {
            entries_.erase(oldest_first_.front());
            oldest_first_.pop_front();
        }
    }

  private:
    std::size_t entries_max_;
    mutable std::mutex mutex_;
    std::map<Key, Value> entries_;
    std::deque<Key> oldest_first_;
};

}  // namespace glovebox
