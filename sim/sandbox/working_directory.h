// SPDX-License-Identifier: Apache-2.0

// The caller's working directory, as a command's sandbox needs it.
#pragma once

#include <string>
#include <vector>

namespace glovebox::sandbox {

struct WorkingDirectory {
    std::string path;  // absolute, without symlinks; empty if it was removed or is unreachable
    std::vector<std::string> hidden_entries;  // the names in it that begin with '.', sorted
};

[[nodiscard]] WorkingDirectory read_working_directory();

}  // namespace glovebox::sandbox
