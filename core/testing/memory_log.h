// SPDX-License-Identifier: Apache-2.0

// For tests: a Log that remembers its lines, "info: listening ...".
#pragma once

#include <mutex>
#include <string>
#include <vector>

#include "core/base/log.h"

namespace glovebox::core {

class MemoryLog final : public Log {
  public:
    void write(const LogLine& line) override {
        const std::lock_guard lock(mutex_);
        lines_.push_back(std::string(name_of(line.level)) + ": " + line.message);
    }
    [[nodiscard]] bool wants(LogLevel) const override { return true; }

    [[nodiscard]] std::vector<std::string> lines() const {
        const std::lock_guard lock(mutex_);
        return lines_;
    }

  private:
    mutable std::mutex mutex_;
    std::vector<std::string> lines_;
};

}  // namespace glovebox::core
