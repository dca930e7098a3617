// SPDX-License-Identifier: Apache-2.0

// Misspelt names.
#pragma once

#include <string_view>
#include <vector>

namespace glovebox {

// The known name that a misspelt one (of an option, a key and so on) is nearest to; empty if none
// is near. The result refers to the known name's text.
[[nodiscard]] std::string_view nearest(std::string_view word,
                                       const std::vector<std::string_view>& known);

}  // namespace glovebox
