// SPDX-License-Identifier: Apache-2.0

#include "core/base/reported_work.h"

#include <unistd.h>

namespace glovebox {

ReportedWork::ReportedWork(std::string_view subject, Lines lines,
                           std::initializer_list<int> further)
    : interruption_(further),
      report_(subject,
              {.write =
                   [is_shown = lines == Lines::anywhere ||
                               terminal_columns(STDERR_FILENO)](std::string_view text) {
                       if (is_shown)
                           static_cast<void>(!::write(STDERR_FILENO, text.data(), text.size()));
                   },
               .columns = terminal_columns(STDERR_FILENO),
               .now = std::chrono::steady_clock::now,
               .check = [this] { interruption_.check(); }}) {}

}  // namespace glovebox
