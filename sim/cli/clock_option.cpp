// SPDX-License-Identifier: Apache-2.0

#include "sim/cli/clock_option.h"

namespace glovebox::cli {

Option ClockOption::option() {
    return {.name = "--clock",
            .placeholder = "OFFSET",
            .check = problem_by<parse_duration>,
            .summary = "Shift the clock from the system's time: +4h, -90s, 1h30m",
            .default_value = "0s"};
}

ClockOption ClockOption::of(const Values& values) {
    return {values.text("--clock")};
}

std::chrono::milliseconds ClockOption::distance() const {
    return parse_duration(offset).value();
}

}  // namespace glovebox::cli
