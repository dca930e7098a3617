// SPDX-License-Identifier: Apache-2.0

// Long work of a command: standard error says how far it is, and a signal interrupts it.
#pragma once

#include <initializer_list>
#include <string_view>

#include "core/base/interruption.h"
#include "core/base/progress.h"

namespace glovebox {

class ReportedWork {
  public:
    enum class Lines {
        anywhere,
        // AWS's programs write nothing about their progress, and scripts may read what they write.
        on_terminals
    };
    // `subject`: what is worked on, as in ProgressReport. `further`: as in Interruption.
    explicit ReportedWork(std::string_view subject, Lines lines = Lines::anywhere,
                          std::initializer_list<int> further = {});

    [[nodiscard]] Progress& progress() { return report_; }
    [[nodiscard]] const Interruption& interruption() const { return interruption_; }

  private:
    Interruption interruption_;
    ProgressReport report_;
};

}  // namespace glovebox
