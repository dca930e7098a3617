// SPDX-License-Identifier: Apache-2.0

#include "sim/cli/findings.h"

#include <fmt/format.h>

#include <iostream>

#include "sim/command_line/standard_streams.h"

namespace glovebox::cli {
namespace {

std::string_view mark(Finding::State state, std::string_view limited) {
    switch (state) {
        case Finding::State::yes:
            return "yes";
        case Finding::State::limited:
            return limited;
        default:
            return "NO";
    }
}

Style style_of(Finding::State state) {
    switch (state) {
        case Finding::State::yes:
            return Style::good;
        case Finding::State::limited:
            return Style::warning;
        default:
            return Style::bad;
    }
}

}  // namespace

void print_findings(const std::vector<Finding>& findings, std::string_view limited,
                    const Colors& colors) {
    for (const Finding& finding : findings) {
        std::cout << command_line::Painted{colors, style_of(finding.state),
                                           fmt::format("{:<8}", mark(finding.state, limited))}
                  << fmt::format(" {}: {}\n", finding.subject, finding.consequence);
        if (!finding.remedy.empty())
            std::cout << fmt::format("{:<8} changed by: {}\n", "", finding.remedy);
    }
}

}  // namespace glovebox::cli
