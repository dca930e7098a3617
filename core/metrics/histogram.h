// SPDX-License-Identifier: Apache-2.0

// How long things took, counted by upper bounds. Any thread may observe and read.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>

namespace glovebox::core {

class Histogram {
  public:
    static constexpr std::size_t bounds_max = 16;

    // Ascending, in seconds, at most bounds_max of them; they outlive the histogram.
    explicit Histogram(std::span<const double> bounds) : bounds_(bounds) {}

    void observe(std::chrono::steady_clock::duration took) {
        const double seconds = std::chrono::duration<double>(took).count();
        std::size_t bucket = 0;
        while (bucket < bounds_.size() && seconds > bounds_[bucket])
            ++bucket;
        counts_[bucket].fetch_add(1, std::memory_order_relaxed);
        const auto nanoseconds = std::chrono::duration_cast<std::chrono::nanoseconds>(took).count();
        nanoseconds_.fetch_add(static_cast<std::uint64_t>(nanoseconds), std::memory_order_relaxed);
    }

    [[nodiscard]] std::span<const double> bounds() const { return bounds_; }
    // Of the observations above the bound before it, and up to its own; the last one has no bound.
    [[nodiscard]] std::uint64_t count(std::size_t bucket) const {
        return counts_[bucket].load(std::memory_order_relaxed);
    }
    [[nodiscard]] double sum_seconds() const {
        constexpr double nanoseconds_in_second = 1e9;
        return static_cast<double>(nanoseconds_.load(std::memory_order_relaxed)) /
               nanoseconds_in_second;
    }

  private:
    std::span<const double> bounds_;
    std::array<std::atomic<std::uint64_t>, bounds_max + 1> counts_{};
    std::atomic<std::uint64_t> nanoseconds_{0};
};

}  // namespace glovebox::core
