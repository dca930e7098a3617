// SPDX-License-Identifier: Apache-2.0

// How much the contract's long tests do. The environment may ask for less, as a slow emulated
// machine does; under a sanitizer a tenth is the default.
#pragma once

#include <cstddef>

namespace glovebox::transports {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool under_sanitizer = true;
#else
inline constexpr bool under_sanitizer = false;
#endif

struct Effort {
    std::size_t bulk_bytes = 0;   // sent each way: 64 MiB; GLOVEBOX_CONTRACT_BYTES
    std::size_t connections = 0;  // one after another: 100,000; GLOVEBOX_CONTRACT_CONNECTIONS
};

// Throws std::invalid_argument when a variable holds no number.
[[nodiscard]] Effort choose_effort();

}  // namespace glovebox::transports
