// SPDX-License-Identifier: Apache-2.0

// Base64 (RFC 4648 section 4), as AWS's JSON carries bytes.
#pragma once

#include <string>
#include <string_view>

#include "core/base/bytes.h"

namespace glovebox {

// With padding, on one line.
[[nodiscard]] std::string to_base64(BytesView bytes);

// Reads the standard alphabet with its padding. Line breaks, blanks, a missing pad and stray bits
// under it are errors that name the position.
[[nodiscard]] Result<Bytes> from_base64(std::string_view text);

}  // namespace glovebox
