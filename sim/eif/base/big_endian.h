// SPDX-License-Identifier: Apache-2.0

// Integers in network byte order (big endian), which an enclave image uses throughout. The caller
// makes sure that sizeof(Integer) bytes are there.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>

namespace glovebox::eif {

template <std::unsigned_integral Integer>
[[nodiscard]] constexpr Integer load_be(const std::uint8_t* from) {
    Integer value = 0;
    for (std::size_t i = 0; i < sizeof(Integer); ++i)
        value = static_cast<Integer>(static_cast<std::uint64_t>(value) << 8 | from[i]);
    return value;
}

template <std::unsigned_integral Integer>
constexpr void store_be(std::uint8_t* to, Integer value) {
    for (std::size_t i = sizeof(Integer); i-- > 0;) {
        to[i] = static_cast<std::uint8_t>(value);
        value = static_cast<Integer>(static_cast<std::uint64_t>(value) >> 8);
    }
}

}  // namespace glovebox::eif
