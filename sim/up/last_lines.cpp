// SPDX-License-Identifier: Apache-2.0

#include "sim/up/last_lines.h"

#include "core/base/printable.h"

namespace glovebox::up {
namespace {

constexpr std::size_t lines_max = 10;
constexpr std::size_t line_bytes_max = 1024;

}  // namespace

void LastLines::take(const std::string& part, std::string_view line) {
    auto& lines = lines_[part];
    lines.push_back(shown(line, line_bytes_max));
    if (lines.size() > lines_max)
        lines.pop_front();
}

std::string LastLines::of(const std::string& part) const {
    const auto found = lines_.find(part);
    if (found == lines_.end())
        return {};
    std::string text;
    for (const std::string& line : found->second)
        text += line + '\n';
    return text;
}

}  // namespace glovebox::up
