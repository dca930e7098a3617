// SPDX-License-Identifier: Apache-2.0

// Variables of the environment in a world file's values, in the notation of Docker Compose:
//
//   $NAME  ${NAME}                    the value; an unset variable is a mistake
//   ${NAME:-word}  ${NAME-word}       word where NAME is unset, with a colon also where it is empty
//   ${NAME:?message}  ${NAME?message} a mistake with this message, likewise
//   ${NAME:+word}  ${NAME+word}       word where NAME is set, with a colon and not empty; else ""
//   $$                                a dollar sign
//
// A word may have variables in it. Compose reads an unset variable as an empty text; here the value
// has to be given, which ${NAME:-} does.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/error.h"

namespace glovebox::up {

using Lookup = std::function<std::optional<std::string>(const std::string& name)>;

// The environment of this process.
[[nodiscard]] std::optional<std::string> look_in_environment(const std::string& name);

// The text with its variables replaced. The error says which variable has no value, or what is no
// variable, and how a dollar sign is written. The result has at most 1 MiB.
[[nodiscard]] Result<std::string> expand_variables(std::string_view text, const Lookup& lookup);

}  // namespace glovebox::up
