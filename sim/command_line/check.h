// SPDX-License-Identifier: Apache-2.0

// Whether a text can be an option's value.
#pragma once

#include <string>

#include "sim/command_line/command.h"

namespace glovebox::command_line {

// What is wrong with the text, as a sentence that quotes it; or nothing.
[[nodiscard]] std::string problem_of(const Option& option, const std::string& text);

// The key of an entry of a map.
[[nodiscard]] std::string key_of(const Option& option, const std::string& entry);

}  // namespace glovebox::command_line
