// SPDX-License-Identifier: Apache-2.0

#include "sim/command_line/color_option.h"

namespace glovebox::command_line {

Option color_option() {
    return {.name = "--color",
            .kind = Kind::choice,
            .placeholder = "WHEN",
            .noun = "a time for colours",
            .choices = {"auto", "always", "never"},
            .summary =
                "When to use colours: auto uses them on a terminal unless NO_COLOR is set, and "
                "elsewhere if CLICOLOR_FORCE is set",
            .default_value = "auto"};
}

Colors read_colors(const Values& values, int fd) {
    const std::string wish = values.text("--color");
    return Colors::of(wish == "always"  ? ColorWish::always
                      : wish == "never" ? ColorWish::never
                                        : ColorWish::automatic,
                      fd);
}

}  // namespace glovebox::command_line
