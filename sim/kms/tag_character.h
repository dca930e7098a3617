// SPDX-License-Identifier: Apache-2.0

// The characters that the names and values of tags may have: letters, numbers and separators of any
// language, and _ . : / = + - @. AWS writes it as ^([\p{L}\p{Z}\p{N}_.:/=+\-@]*)$.
#pragma once

#include <string_view>

namespace glovebox::kms {

// `text` is UTF-8.
[[nodiscard]] bool has_tag_characters_alone(std::string_view text);

}  // namespace glovebox::kms
