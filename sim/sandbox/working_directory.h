// SPDX-License-Identifier: Apache-2.0

// The caller's working directory, as a command's sandbox needs to know it.
#pragma once

#include <string>
#include <vector>

namespace glovebox::sandbox {

struct WorkingDirectory {
    std::string path;  // absolute, without symlinks; empty when it has been removed
    std::vector<std::string> hidden_entries;  // its names that begin with '.', sorted
};

[[nodiscard]] WorkingDirectory read_working_directory();

}  // namespace glovebox::sandbox
