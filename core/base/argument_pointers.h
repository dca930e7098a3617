// SPDX-License-Identifier: Apache-2.0

// Words as execve(2) takes them.
#pragma once

#include <string>
#include <vector>

namespace glovebox {

// A pointer to each text, and a null pointer. The texts outlive it, and do not move.
[[nodiscard]] inline std::vector<char*> argument_pointers(std::vector<std::string>& texts) {
    std::vector<char*> out;
    out.reserve(texts.size() + 1);
    for (std::string& text : texts)
        out.push_back(text.data());
    out.push_back(nullptr);
    return out;
}

}  // namespace glovebox
