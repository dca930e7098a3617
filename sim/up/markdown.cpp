// SPDX-License-Identifier: Apache-2.0

#include "sim/up/markdown.h"

#include <fmt/core.h>

#include <algorithm>

#include "core/base/printable.h"

namespace glovebox::up {
namespace {

constexpr std::size_t fence_min = 3;

std::size_t longest_run_of_backticks(std::string_view text) {
    std::size_t longest = 0;
    std::size_t run = 0;
    for (const char one : text) {
        run = one == '`' ? run + 1 : 0;
        longest = std::max(longest, run);
    }
    return longest;
}

}  // namespace

std::string code_span(std::string_view text) {
    if (text.empty())
        return "-";
    std::string content;
    // A table's cells are found before its code spans, and this is the one escape there.
    for (const char one : printable(text))
        content += one == '|' ? "\\|" : std::string(1, one);
    const std::string fence(longest_run_of_backticks(content) + 1, '`');
    // One blank at both ends is taken away, unless there is nothing but blanks.
    const bool is_blank = content.find_first_not_of(' ') == std::string::npos;
    const bool has_edge = content.front() == '`' || content.back() == '`' ||
                          (content.front() == ' ' && content.back() == ' ');
    const char* const pad = has_edge && !is_blank ? " " : "";
    return fence + pad + content + pad + fence;
}

std::string code_block(std::string_view text) {
    const std::string content = printable_lines(text);
    const std::string fence(std::max(fence_min, longest_run_of_backticks(content) + 1), '`');
    return fmt::format("{}text\n{}{}{}\n", fence, content, content.ends_with('\n') ? "" : "\n",
                       fence);
}

}  // namespace glovebox::up
