// SPDX-License-Identifier: Apache-2.0

#include "sim/up/hidden_lines.h"

#include <fmt/core.h>

#include "core/base/printable.h"

namespace glovebox::up {
namespace {

constexpr std::size_t lines_max = 10;
constexpr std::size_t line_bytes_max = 1024;

}  // namespace

void HiddenLines::take(const std::string& part, std::string_view line) {
    auto& lines = lines_[part];
    lines.push_back(shown(line, line_bytes_max));
    if (lines.size() > lines_max)
        lines.pop_front();
}

std::string HiddenLines::of(const std::string& part) const {
    const auto found = lines_.find(part);
    if (found == lines_.end())
        return {};
    std::string text = fmt::format("the last lines of {}, which -q hides:\n", part);
    for (const std::string& line : found->second)
        text += fmt::format("  {}\n", line);
    return text;
}

}  // namespace glovebox::up
