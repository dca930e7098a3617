// SPDX-License-Identifier: Apache-2.0

// Byte strings and their hexadecimal spelling.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"

namespace glovebox {

using Bytes = std::vector<std::uint8_t>;
using BytesView = std::span<const std::uint8_t>;

// The bytes of a text, without a terminator.
[[nodiscard]] BytesView as_bytes(std::string_view text);
[[nodiscard]] std::string_view as_text(BytesView bytes);

// Lower-case hexadecimal, two digits a byte.
[[nodiscard]] std::string to_hex(BytesView bytes);

// Reads hexadecimal of either case. An odd length or another character is an error that names its
// position.
[[nodiscard]] Result<Bytes> from_hex(std::string_view text);

}  // namespace glovebox
