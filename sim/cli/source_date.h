// SPDX-License-Identifier: Apache-2.0

// The time that a built image bears.
#pragma once

#include <cstdint>

namespace glovebox::cli {

// SOURCE_DATE_EPOCH (reproducible-builds.org), seconds since 1970, or the builder's own date.
// Throws ErrorException for what is not a number.
[[nodiscard]] std::int64_t source_date();

}  // namespace glovebox::cli
