// SPDX-License-Identifier: Apache-2.0

// Times as the tables of a key store have them.
#pragma once

#include <cstdint>
#include <optional>

#include "core/base/clock.h"

namespace glovebox::kms {

// Milliseconds since 1970, as the tables have times.
[[nodiscard]] inline std::int64_t to_ms(TimePoint time) {
    return time.time_since_epoch().count();
}
[[nodiscard]] inline std::optional<std::int64_t> to_ms(std::optional<TimePoint> time) {
    return time ? std::optional(to_ms(*time)) : std::nullopt;
}
[[nodiscard]] inline TimePoint from_ms(std::int64_t milliseconds) {
    return TimePoint(std::chrono::milliseconds(milliseconds));
}

}  // namespace glovebox::kms
