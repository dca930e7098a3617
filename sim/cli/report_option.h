// SPDX-License-Identifier: Apache-2.0

// --record, --junit, --output, --html: a file that a report goes to.
#pragma once

#include <optional>
#include <string>

#include "sim/cli/commands.h"
#include "sim/up/report_file.h"

namespace glovebox::cli {

// The file that this option names, emptied; nothing without the option. Throws ErrorException.
[[nodiscard]] std::optional<up::ReportFile> open_report(const Values& values,
                                                        const std::string& option);

}  // namespace glovebox::cli
