// SPDX-License-Identifier: Apache-2.0

// A log in which peers cannot write as much as they like.
#pragma once

#include <chrono>
#include <cstddef>
#include <mutex>

#include "core/base/log.h"

namespace glovebox {

// Passes lines on. Of those that are about a peer (they have a field "peer"), at most so many a
// second; a line says how many more there were, at the beginning of the next second in which there
// is one and at the end. Safe from any thread.
class LimitedLog final : public Log {
  public:
    using Time = std::chrono::steady_clock::time_point;

    // 0: no limit. `to` outlives it. `now` is for tests.
    LimitedLog(Log& to, std::size_t lines_a_second, Time (*now)() = std::chrono::steady_clock::now);
    ~LimitedLog() override;
    LimitedLog(const LimitedLog&) = delete;
    LimitedLog& operator=(const LimitedLog&) = delete;

    void write(const LogLine& line) override;
    [[nodiscard]] bool wants(LogLevel level) const override { return to_.wants(level); }

  private:
    void tell_left_out();

    Log& to_;
    std::size_t lines_max_;
    Time (*now_)();
    std::mutex mutex_;  // of all below
    Time second_;       // its beginning
    std::size_t lines_ = 0;
    std::size_t left_out_ = 0;
};

}  // namespace glovebox
