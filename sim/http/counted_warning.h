// SPDX-License-Identifier: Apache-2.0

// A warning about an event that may occur thousands of times. The first ones of a minute are logged
// at once. Later ones are counted; their number is logged with the last sentence, before the first
// warning after that minute.
#pragma once

#include <chrono>
#include <cstddef>
#include <mutex>
#include <string>
#include <string_view>

#include "core/base/log.h"

namespace glovebox::http {

class CountedWarning {
  public:
    using Time = std::chrono::steady_clock::time_point;

    // `log` outlives it.
    explicit CountedWarning(Log& log, unsigned lines_a_minute = 1)
        : log_(log), lines_max_(lines_a_minute) {}

    // Safe from any thread.
    void count(std::string_view sentence, Time now = std::chrono::steady_clock::now());
    // Logs the warnings that were counted and not logged yet.
    void finish();

  private:
    void write_rest();  // call it with the mutex held

    Log& log_;
    unsigned lines_max_;
    std::mutex mutex_;  // guards what follows
    std::size_t unwritten_ = 0;
    std::string last_;
    unsigned lines_ = 0;  // of this minute
    Time minute_end_ = Time::min();
};

}  // namespace glovebox::http
