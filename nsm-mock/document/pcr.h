// A platform configuration register (PCR): a SHA-384 value that is extended and never set.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <string_view>

#include "core/base/bytes.h"

namespace glovebox::nsm {

inline constexpr std::size_t pcr_count = 32;
// PCR0 to PCR15 belong to the platform and are locked at boot; a program extends 16 to 31.
inline constexpr std::size_t platform_pcr_count = 16;

// 48 bytes, SHA-384.
using Pcr = std::array<std::uint8_t, 48>;
using PcrIndex = std::uint16_t;

[[nodiscard]] bool is_zero(const Pcr& pcr);

// SHA384(old, data): what ExtendPCR does, and what PCR3 and PCR4 are made with from zero.
[[nodiscard]] Pcr extended(const Pcr& old, BytesView data);

// SHA-384 of the parts, one after the other.
[[nodiscard]] Pcr sha384(std::initializer_list<BytesView> parts);

// 96 hexadecimal digits of either case.
[[nodiscard]] Result<Pcr> parse_pcr(std::string_view hex);

}  // namespace glovebox::nsm
