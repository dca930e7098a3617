// SPDX-License-Identifier: Apache-2.0

// What terminfo(5) knows of a terminal.
#pragma once

#include <string>

namespace glovebox::terminal {

// Why a page can't be drawn on a terminal of TERM's type; empty if it can.
[[nodiscard]] std::string why_unusable_terminal();

}  // namespace glovebox::terminal
