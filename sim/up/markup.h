// SPDX-License-Identifier: Apache-2.0

// Foreign text in XML and HTML: in an element or in an attribute's quotes, where nothing in it is
// markup or the end of what it stands in.
#pragma once

#include <string>
#include <string_view>

namespace glovebox::up {

// Line feeds stay. Other control characters are shown as escapes (printable.h), since XML 1.0 has
// no way to write most of them.
[[nodiscard]] std::string in_markup(std::string_view text);

}  // namespace glovebox::up
