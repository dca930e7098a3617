// SPDX-License-Identifier: Apache-2.0

// The bytes that a connection carries, for whoever looks on while it runs: how many so far, and the
// first ones.
#pragma once

#include <atomic>
#include <cstdint>

#include "core/relay/first_bytes.h"

namespace glovebox::core {

// Written by the thread of the connection alone, read by any.
class TrafficCount {
  public:
    [[nodiscard]] std::uint64_t get() const { return bytes_.load(std::memory_order_relaxed); }
    void set(std::uint64_t bytes) { bytes_.store(bytes, std::memory_order_relaxed); }
    void add(std::uint64_t bytes) { set(get() + bytes); }

  private:
    std::atomic<std::uint64_t> bytes_{0};
};

struct TrafficCounts {
    TrafficCount from_client;  // that the target's kernel took
    TrafficCount from_target;  // that the client's kernel took
    // Gets what the connection carries first; null if its part does not keep it. Outlives the
    // connection.
    FirstBytes* first_bytes = nullptr;
};

}  // namespace glovebox::core
