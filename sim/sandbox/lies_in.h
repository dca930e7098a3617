// SPDX-License-Identifier: Apache-2.0

// Absolute, normal paths as prefixes of each other.
#pragma once

#include <string_view>

namespace glovebox::sandbox {

// Whether `path` is `folder` or lies below it; both absolute and normal.
[[nodiscard]] inline bool lies_in(std::string_view path, std::string_view folder) {
    if (folder == "/")
        return true;
    return path.substr(0, folder.size()) == folder &&
           (path.size() == folder.size() || path[folder.size()] == '/');
}

}  // namespace glovebox::sandbox
