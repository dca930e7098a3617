// SPDX-License-Identifier: Apache-2.0

// Comparison of absolute, normal paths.
#pragma once

#include <string_view>

namespace glovebox::sandbox {

// Whether `path` is `folder` or is below it. Both are absolute and normal.
[[nodiscard]] inline bool lies_in(std::string_view path, std::string_view folder) {
    if (folder == "/")
        return true;
    return path.substr(0, folder.size()) == folder &&
           (path.size() == folder.size() || path[folder.size()] == '/');
}

}  // namespace glovebox::sandbox
