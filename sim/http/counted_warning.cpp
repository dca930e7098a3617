// SPDX-License-Identifier: Apache-2.0

#include "sim/http/counted_warning.h"

namespace glovebox::http {
void CountedWarning::count(std::string_view sentence, Time now) {
    const std::lock_guard lock(mutex_);
    if (now >= minute_end_) {
        write_rest();
        lines_ = 0;
        minute_end_ = now + std::chrono::minutes(1);
    }
    if (lines_ < lines_max_) {
        ++lines_;
        log_.warning("http", "{}", sentence);
        return;
    }
    ++unwritten_;
    last_ = sentence;
}

void CountedWarning::finish() {
    const std::lock_guard lock(mutex_);
    write_rest();
}

void CountedWarning::write_rest() {
    if (unwritten_ > 0)
        log_.warning("http", "{} ({} more)", last_, unwritten_);
    unwritten_ = 0;
}

}  // namespace glovebox::http
