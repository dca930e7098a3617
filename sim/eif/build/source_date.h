// SPDX-License-Identifier: Apache-2.0

// The time in a built image, from SOURCE_DATE_EPOCH (reproducible-builds.org).
#pragma once

#include <cstdint>

#include "core/base/error.h"

namespace glovebox::eif {

// Reads the variable's value, in seconds since 1970. `variable` is null if it is not set; null and
// empty mean default_source_date. An error if it is not an integer.
[[nodiscard]] Result<std::int64_t> source_date(const char* variable);
// The same for this process's environment.
[[nodiscard]] Result<std::int64_t> source_date();

}  // namespace glovebox::eif
