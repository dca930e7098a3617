// SPDX-License-Identifier: Apache-2.0

#include "sim/vm/console_text.h"

#include <fmt/core.h>

#include <charconv>
#include <sstream>
#include <vector>

#include "core/base/printable.h"

namespace glovebox::vm {
namespace {

constexpr std::size_t bytes_kept = 16 * 1024;
constexpr std::size_t lines_shown = 40;

}  // namespace

void ConsoleText::take(std::string_view bytes) {
    for (const char one : bytes) {
        if (one == '\r')
            continue;
        if (one != '\n' && line_.size() < bytes_kept) {
            line_ += one;
            continue;
        }
        take_line(line_);
        line_.clear();
    }
}

void ConsoleText::take_line(std::string_view line) {
    const std::string marker = fmt::format("GLOVEBOX-GUEST {} ", token_);
    if (const auto at = line.find(marker); at != std::string_view::npos) {
        const std::string_view word = line.substr(at + marker.size());
        constexpr std::string_view exited = "exit ";
        int status = 0;
        if (word == "ready")
            is_ready_ = true;
        else if (word.starts_with(exited)) {
            const char* const last = word.data() + word.size();
            const auto [end, error] = std::from_chars(word.data() + exited.size(), last, status);
            if (error == std::errc() && end == last)
                status_ = status;
        }
        return;
    }
    // A long trace after a panic would push it out of the last lines.
    if (const auto at = line.find("Kernel panic"); at != std::string_view::npos && panic_.empty())
        panic_ = line.substr(at);
    last_.append(line).append("\n");
    if (last_.size() > 2 * bytes_kept)
        last_.erase(0, last_.size() - bytes_kept);
}

std::string ConsoleText::end() const {
    std::istringstream all(last_ + line_);
    std::string text = panic_.empty() ? "" : printable(panic_) + "; ";
    text += "its last lines:\n";
    std::vector<std::string> lines;
    for (std::string line; std::getline(all, line);)
        lines.push_back(printable(line));
    if (lines.empty())
        return text + "  | (none)";
    const std::size_t first = lines.size() > lines_shown ? lines.size() - lines_shown : 0;
    for (std::size_t i = first; i < lines.size(); ++i)
        text += fmt::format("{}  | {}", i == first ? "" : "\n", lines[i]);
    return text;
}

}  // namespace glovebox::vm
