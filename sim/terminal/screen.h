// SPDX-License-Identifier: Apache-2.0

// A page on a terminal, drawn by ncurses.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"

namespace glovebox::terminal {

struct Line {
    // `warning` is red where the terminal has colours and NO_COLOR is not set.
    enum class Look { plain, heading, selected, warning };
    std::string text;  // printable (core/base/printable.h), in UTF-8
    Look look = Look::plain;
};

// Keys that are no characters.
enum Key : int { key_up = 0x110000, key_down, key_page_up, key_page_down, key_escape, key_other };

// Has the terminal while it lives, and gives it back as it was: at the end of its scope, through
// exceptions, and before a signal ends the process (Interruption). Ctrl-Z works as usual. There is
// one at a time.
class Screen {
  public:
    // On standard output, with keys of standard input if that is a terminal too. The error says
    // what TERM lacks.
    [[nodiscard]] static Result<std::unique_ptr<Screen>> open();
    virtual ~Screen() = default;
    Screen(const Screen&) = delete;
    Screen& operator=(const Screen&) = delete;

    // The height of the window now, in lines.
    [[nodiscard]] virtual std::size_t rows() const = 0;
    // Draws the lines from the top, each cut at the window's edge, and nothing below them but
    // `footer` in the last row.
    virtual void show(const std::vector<Line>& lines, std::string_view footer) = 0;
    // Waits for a key: a character of Unicode or a Key. Nothing at `deadline`, or when the window
    // has changed and the page has to be drawn again. Throws Interrupted.
    [[nodiscard]] virtual std::optional<int> key_until(
        std::chrono::steady_clock::time_point deadline) = 0;

  protected:
    Screen() = default;
};

}  // namespace glovebox::terminal
