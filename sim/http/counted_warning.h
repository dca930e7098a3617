// SPDX-License-Identifier: Apache-2.0

// A warning about something that may happen thousands of times: the first ones of a minute are
// lines in the log at once, the others are counted, and their number is written when the next one
// comes after that minute.
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
    // Writes what was counted and not written yet.
    void finish();

  private:
    void write_rest();  // with the mutex held

    Log& log_;
    unsigned lines_max_;
    std::mutex mutex_;  // guards what follows
    std::size_t unwritten_ = 0;
    std::string last_;
    unsigned lines_ = 0;  // of this minute
    Time minute_end_ = Time::min();
};

}  // namespace glovebox::http
