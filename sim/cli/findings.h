// SPDX-License-Identifier: Apache-2.0

// Findings on standard output, as `glovebox doctor` and `glovebox up --check` print them.
#pragma once

#include <string_view>
#include <vector>

#include "core/base/colors.h"
#include "core/base/finding.h"

namespace glovebox::cli {

// A line each, and one for its remedy. `limited` is the word before a finding of this state.
void print_findings(const std::vector<Finding>& findings, std::string_view limited,
                    const Colors& colors);

}  // namespace glovebox::cli
