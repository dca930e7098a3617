// SPDX-License-Identifier: Apache-2.0

// --json: what a command prints, for a program to read.
#pragma once

#include <boost/json/value.hpp>

#include "sim/cli/commands.h"

namespace glovebox::cli {

// `summary` says what is printed: "Print a JSON array of objects".
[[nodiscard]] Option json_option(std::string_view summary);

void print_json_document(const boost::json::value& value);

}  // namespace glovebox::cli
