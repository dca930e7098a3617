// SPDX-License-Identifier: Apache-2.0

// A command that is written as one text: `python3 server.py --name "my server"`.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"

namespace glovebox::up {

// Its words, as a POSIX shell splits them: blanks separate, '...' holds all, "..." all but \ before
// one of `"\$` and a backquote, \ takes the next character as it is. Nothing is expanded, and what
// only a shell can do (|, >, &&, ...) is an error that says how to call one.
[[nodiscard]] Result<std::vector<std::string>> split_shell_words(std::string_view text);

}  // namespace glovebox::up
