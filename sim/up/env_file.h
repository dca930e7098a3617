// SPDX-License-Identifier: Apache-2.0

// A file of variables for a program, in the notation of Docker Compose's env_file:
//
//   # a comment
//   NAME=value            # blanks around it and a comment after it are left out
//   export NAME="a\nb"    with \n, \r, \t, \", \\ and \$ for what they stand for
//   NAME='as it stands'
//
// Values without quotes and in double quotes may have variables in them (variables.h).
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/error.h"
#include "sim/up/variables.h"

namespace glovebox::up {

// `name` is the file's, for the error: "app.env:3: ...".
[[nodiscard]] Result<std::vector<std::pair<std::string, std::string>>> parse_env_file(
    std::string_view text, const std::string& name, const Lookup& lookup);

}  // namespace glovebox::up
