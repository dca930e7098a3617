// SPDX-License-Identifier: Apache-2.0

// The text of the script `init`, the first process of a guest; the build makes it from the file.
#pragma once

#include <string_view>

namespace glovebox::vm {

extern const std::string_view init_script;

}  // namespace glovebox::vm
