// SPDX-License-Identifier: Apache-2.0

// The time that a built image bears.
#pragma once

#include <cstdint>

#include "core/base/error.h"

namespace glovebox::eif {

// What SOURCE_DATE_EPOCH (reproducible-builds.org) says, seconds since 1970: `variable` is its
// value, or null where it is not set. Empty and unset, the builder's own date.
[[nodiscard]] Result<std::int64_t> source_date(const char* variable);
// The same of this process's environment.
[[nodiscard]] Result<std::int64_t> source_date();

}  // namespace glovebox::eif
