// SPDX-License-Identifier: Apache-2.0

// Numbers of a module's platform configuration registers (PCRs).
#pragma once

#include <cstddef>
#include <cstdint>

namespace glovebox::nsm {

inline constexpr std::size_t pcr_count = 32;
// PCR0 to PCR15 belong to the platform and are locked at boot; a program extends 16 to 31.
inline constexpr std::size_t platform_pcr_count = 16;

using PcrIndex = std::uint16_t;

}  // namespace glovebox::nsm
