// SPDX-License-Identifier: Apache-2.0

#include "sim/cli/report_option.h"

namespace glovebox::cli {

std::optional<up::ReportFile> open_report(const Values& values, const std::string& option) {
    const auto name = values.find_text(option);
    return name ? std::optional(up::ReportFile::open(option, *name).value()) : std::nullopt;
}

}  // namespace glovebox::cli
