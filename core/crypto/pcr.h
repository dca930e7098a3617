// SPDX-License-Identifier: Apache-2.0

// A platform configuration register (PCR): a SHA-384 value that is extended and never set. An
// image's measurements and a module's registers are PCRs.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <string_view>

#include "core/base/bytes.h"

namespace glovebox {

// 48 bytes, SHA-384.
using Pcr = std::array<std::uint8_t, 48>;

[[nodiscard]] bool is_zero(const Pcr& pcr);

// SHA384(old, data): what ExtendPCR does. A PCR that is zero is extended once by the SHA-384 of the
// content that it measures.
[[nodiscard]] Pcr extended(const Pcr& old, BytesView data);

// SHA-384 of the parts, one after the other.
[[nodiscard]] Pcr sha384(std::initializer_list<BytesView> parts);

// 96 hexadecimal digits of either case.
[[nodiscard]] Result<Pcr> parse_pcr(std::string_view hex);

}  // namespace glovebox
