// SPDX-License-Identifier: Apache-2.0

// The record of a run, as a command's argument.
#pragma once

#include <boost/json/object.hpp>
#include <string>

namespace glovebox::cli {

// A record of `glovebox up --record`; "-" is standard input. Throws ErrorException, which names the
// file.
[[nodiscard]] boost::json::object read_record(const std::string& file);

}  // namespace glovebox::cli
