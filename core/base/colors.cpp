// SPDX-License-Identifier: Apache-2.0

#include "core/base/colors.h"

#include <unistd.h>

#include <array>
#include <cstdlib>

namespace glovebox {
namespace {

// ECMA-48, section 8.3.117 (SGR), by Style.
constexpr std::array<std::string_view, 9> parameters{"",   "2",  "32", "33", "1;31",
                                                     "36", "35", "34", "96"};

std::string_view variable(const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? std::string_view() : value;
}

}  // namespace

Colors Colors::of(ColorWish wish, int fd) {
    if (wish != ColorWish::automatic)
        return Colors(wish == ColorWish::always);
    if (!variable("NO_COLOR").empty())
        return Colors(false);
    const std::string_view forced = variable("CLICOLOR_FORCE");
    if (!forced.empty() && forced != "0")
        return Colors(true);
    const std::string_view terminal = variable("TERM");
    return Colors(::isatty(fd) == 1 && !terminal.empty() && terminal != "dumb");
}

std::string Colors::paint(Style style, std::string_view text) const {
    if (!are_shown_ || style == Style::plain || text.empty())
        return std::string(text);
    std::string painted = "\x1b[";
    painted.append(parameters.at(static_cast<std::size_t>(style))).append("m").append(text);
    return painted + "\x1b[0m";
}

}  // namespace glovebox
