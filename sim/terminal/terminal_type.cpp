// SPDX-License-Identifier: Apache-2.0

#include "sim/terminal/terminal_type.h"

#include <fmt/core.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>

#include "core/base/printable.h"

// The last ones: they define macros with short names, as "lines" and "key_up".
#include <curses.h>
#include <term.h>

namespace glovebox::terminal {

std::string why_unusable_terminal() {
    const char* const name = std::getenv("TERM");
    if (name == nullptr || *name == '\0')
        return "TERM is not set, so the terminal's functions are not known";
    int found = 0;
    if (::setupterm(name, STDOUT_FILENO, &found) != OK)
        return fmt::format(
            "the terminal type {} (TERM) has no entry in the terminfo database of this machine, so "
            "its functions are not known",
            shown(name));
    // What moves the cursor (terminfo(5)): absent, or -1 if the name were no text's.
    const char* const moves = ::tigetstr("cup");
    const bool can_move = moves != nullptr && reinterpret_cast<std::intptr_t>(moves) != -1;
    ::del_curterm(::cur_term);
    return can_move
               ? ""
               : fmt::format("a terminal of type {} (TERM) can't move its cursor", shown(name));
}

}  // namespace glovebox::terminal
