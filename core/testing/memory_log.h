// SPDX-License-Identifier: Apache-2.0

// For tests: a Log that remembers its lines, "info: listening ...".
#pragma once

#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/log.h"

namespace glovebox::core {

class MemoryLog final : public Log {
  public:
    void write(LogLevel level, std::string_view line) override {
        static constexpr std::string_view names[] = {"debug", "info", "warning", "error"};
        const std::lock_guard lock(mutex_);
        lines_.push_back(std::string(names[static_cast<int>(level)]) + ": " + std::string(line));
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
