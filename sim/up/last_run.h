// SPDX-License-Identifier: Apache-2.0

// What is kept of the last run of a world on this machine, for its user alone, until another run
// replaces it.
#pragma once

#include <string>
#include <string_view>

#include "core/base/error.h"

namespace glovebox::up {

// The file of its record (run_record.h). It need not exist.
[[nodiscard]] Result<std::string> last_record();

// The text replaces the file, whose folder is made where it is missing. Returns whether that was
// done; with an empty name or text it is not.
[[nodiscard]] bool keep(std::string_view text, const std::string& file);

}  // namespace glovebox::up
