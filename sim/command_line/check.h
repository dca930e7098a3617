// SPDX-License-Identifier: Apache-2.0

// Checks the values of options.
#pragma once

#include <string>

#include "sim/command_line/command.h"

namespace glovebox::command_line {

// The mistake in a value, as a sentence that quotes it; empty if the option accepts it.
[[nodiscard]] std::string problem_of(const Option& option, const std::string& text);

// The key of an entry, for an option with Repeat::map.
[[nodiscard]] std::string key_of(const Option& option, const std::string& entry);

}  // namespace glovebox::command_line
