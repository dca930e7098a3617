// SPDX-License-Identifier: Apache-2.0

// A page on a terminal that is renewed each second.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "sim/terminal/screen.h"

namespace glovebox::terminal {

struct LivePage {
    // Called each second with the time since the last call, 0 at first, and not while the page is
    // paused. False: what it gives now is the last one. Its exceptions end the page.
    std::function<bool(std::chrono::duration<double> since_last)> renew;
    // The lines, at most `rows`. Also called between renewals, after a key and another window size.
    std::function<std::vector<Line>(std::size_t rows)> lines;
    // A key (Screen::key_until) other than q and p. May be empty.
    std::function<void(int key)> on_key;
    // Keys of on_key in words, for the last row: "r only refusals".
    std::string keys;
};

// Shows the page until renew() says that it was the last one (true) or until q (false). A signal is
// thrown as Interrupted. ErrorException: the terminal can't have a page, and the sentence advises
// to take the command's option --once.
[[nodiscard]] bool show_live(const LivePage& page);

}  // namespace glovebox::terminal
