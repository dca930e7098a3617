// SPDX-License-Identifier: Apache-2.0

#include "sim/terminal/live_page.h"

#include <memory>
#include <utility>

namespace glovebox::terminal {
namespace {

std::unique_ptr<Screen> open_screen() {
    auto screen = Screen::open();
    if (!screen)
        throw ErrorException(std::move(screen).error().with_advice(
            "`--once` prints the table without a terminal's functions; or set TERM to a type that "
            "this machine knows, as TERM=xterm-256color, or TERMINFO to a directory that has the "
            "entry"));
    return std::move(*screen);
}

}  // namespace

using std::chrono::steady_clock;

bool show_live(const LivePage& page) {
    constexpr std::chrono::seconds interval{1};
    const auto screen = open_screen();
    bool is_paused = false;
    auto ticked = steady_clock::now();
    auto renewed = ticked;
    for (bool goes_on = page.renew({}); goes_on;) {
        std::string footer = "q quit  p " + std::string(is_paused ? "go on (paused)" : "pause");
        if (!page.keys.empty())
            footer += "  " + page.keys;
        screen->show(page.lines(screen->rows() - 1), footer);
        const auto key = screen->key_until(ticked + interval);
        if (key == 'q')
            return false;
        if (key == 'p')
            is_paused = !is_paused;
        else if (key && page.on_key)
            page.on_key(*key);
        const auto now = steady_clock::now();
        if (now < ticked + interval)
            continue;
        ticked = now;
        if (is_paused)
            continue;
        goes_on = page.renew(now - renewed);
        renewed = now;
    }
    return true;
}

}  // namespace glovebox::terminal
