// SPDX-License-Identifier: Apache-2.0

// --clock: a module or a verifier whose clock is ahead or behind.
#pragma once

#include <chrono>
#include <string>

#include "core/base/clock.h"
#include "sim/cli/commands.h"

namespace glovebox::cli {

struct ClockOption {
    [[nodiscard]] static Option option();
    [[nodiscard]] static ClockOption of(const Values& values);
    [[nodiscard]] std::chrono::milliseconds distance() const;
    [[nodiscard]] OffsetClock make() const { return OffsetClock(distance()); }

    std::string offset = "0s";
};

}  // namespace glovebox::cli
