// SPDX-License-Identifier: Apache-2.0

// The JSON schema of world files, for editors.
#pragma once

#include <string>

namespace glovebox::up {

// Draft 7, which editors' YAML support reads; indented, with a line feed at its end. It is made of
// the keys that the parser reads (world_keys.h).
[[nodiscard]] std::string world_schema();

}  // namespace glovebox::up
