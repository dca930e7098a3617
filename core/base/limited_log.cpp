// SPDX-License-Identifier: Apache-2.0

#include "core/base/limited_log.h"

#include <algorithm>

#include "core/base/counted.h"

namespace glovebox {

LimitedLog::LimitedLog(Log& to, std::size_t lines_a_second, Time (*now)())
    : to_(to), lines_max_(lines_a_second), now_(now), second_(now()) {}

LimitedLog::~LimitedLog() {
    tell_left_out();
}

void LimitedLog::write(const LogLine& line) {
    const bool is_limited =
        lines_max_ > 0 && std::any_of(line.fields.begin(), line.fields.end(),
                                      [](const LogField& field) { return field.name == "peer"; });
    if (!is_limited)
        return to_.write(line);
    const std::lock_guard lock(mutex_);
    const Time now = now_();
    if (now - second_ >= std::chrono::seconds(1)) {
        second_ = now;
        lines_ = 0;
        tell_left_out();
    }
    if (lines_ == lines_max_) {
        ++left_out_;
        return;
    }
    ++lines_;
    to_.write(line);
}

void LimitedLog::tell_left_out() {
    if (left_out_ > 0)
        to_.warning("left_out", "{} about connections left out: --log-rate is {} a second",
                    counted(left_out_, "line"), lines_max_);
    left_out_ = 0;
}

}  // namespace glovebox
