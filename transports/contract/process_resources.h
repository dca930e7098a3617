// SPDX-License-Identifier: Apache-2.0

// What this process holds, for tests that claim to leak nothing. Linux: read from /proc/self.
#pragma once

#include <cstddef>

namespace glovebox::transports {

[[nodiscard]] std::size_t open_descriptors();
[[nodiscard]] std::size_t resident_bytes();

// Lifts the soft limit on open files to the hard one; false when that is below `wanted`.
[[nodiscard]] bool allow_descriptors(std::size_t wanted);

}  // namespace glovebox::transports
