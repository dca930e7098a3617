// SPDX-License-Identifier: Apache-2.0

// Time as a parameter: documents carry timestamps and certificates expire, and both are tested at
// any hour.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/error.h"

namespace glovebox {

// UTC with the millisecond that an attestation document's timestamp has.
using TimePoint = std::chrono::sys_time<std::chrono::milliseconds>;

// Since 1970.
[[nodiscard]] constexpr std::int64_t unix_milliseconds(TimePoint time) {
    return time.time_since_epoch().count();
}

class Clock {
  public:
    virtual ~Clock() = default;
    [[nodiscard]] virtual TimePoint now() const = 0;
};

class SystemClock final : public Clock {
  public:
    [[nodiscard]] TimePoint now() const override;
};

// The system's clock, ahead or behind by a fixed amount: `--clock +4h`.
class OffsetClock final : public Clock {
  public:
    explicit OffsetClock(std::chrono::milliseconds offset) : offset_(offset) {}
    [[nodiscard]] TimePoint now() const override;

  private:
    std::chrono::milliseconds offset_;
};

// Another clock, ahead or behind by an amount that may change; from any thread.
class ShiftedClock final : public Clock {
  public:
    // `behind` outlives it.
    explicit ShiftedClock(const Clock& behind) : behind_(behind) {}
    [[nodiscard]] TimePoint now() const override { return behind_.now() + ahead_.load(); }
    // Ahead by so much from now on; negative for behind.
    void shift(std::chrono::milliseconds ahead) { ahead_ = ahead; }

  private:
    const Clock& behind_;
    std::atomic<std::chrono::milliseconds> ahead_{};
};

// Stands still until advance() or set() moves it.
class ManualClock final : public Clock {
  public:
    explicit ManualClock(TimePoint start) : now_(start) {}
    [[nodiscard]] TimePoint now() const override { return now_; }
    void advance(std::chrono::milliseconds by) { now_ += by; }
    void set(TimePoint now) { now_ = now; }

  private:
    TimePoint now_;
};

// "+4h", "-90s", "15m", "2d", "250ms", and sums such as "1h30m". The sign may be left out.
[[nodiscard]] Result<std::chrono::milliseconds> parse_duration(std::string_view text);

// RFC 3339 in UTC, "2022-07-06T14:18:22.484Z" (fraction optional), or seconds since 1970 as
// "@1657117102.484".
[[nodiscard]] Result<TimePoint> parse_time(std::string_view text);

// "2022-07-06T14:18:22.484Z"; the fraction is always three digits.
[[nodiscard]] std::string format_time(TimePoint time);

// For sentences: "3 h 12 min", "61 min", "5 d 2 h", "1.5 s", "850 ms". Two units at the most,
// without a sign; what is smaller is cut off.
[[nodiscard]] std::string format_duration(std::chrono::milliseconds duration);

}  // namespace glovebox
