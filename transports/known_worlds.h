// SPDX-License-Identifier: Apache-2.0

// Worlds that are found though nobody names them: those that have a directory of their own instead
// of a name, as far as this user's commands have opened them.
//
//   <run folder>/.worlds/<16 hexadecimal digits>   a symbolic link to the world's directory
#pragma once

#include <string>
#include <vector>

namespace glovebox::transports {

// Remembers the world for list_known_worlds(). A world that can't be remembered works all the same.
void remember_world(const std::string& directory);

// Those whose directory is still there, ascending; the others are forgotten.
[[nodiscard]] std::vector<std::string> list_known_worlds();

}  // namespace glovebox::transports
