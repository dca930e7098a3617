// SPDX-License-Identifier: Apache-2.0

// Why the kernel calls a program missing whose file is there: its interpreter or its loader is.
#pragma once

#include <string>
#include <vector>

namespace glovebox::enclave {

// For the first of the paths that is a file in the directory `root`, with symlinks followed inside
// it. Empty if it lacks nothing, or there is no such file. `place`: "in the image".
[[nodiscard]] std::string explain_missing_interpreter(const std::string& root,
                                                      const std::vector<std::string>& paths,
                                                      const std::string& place);

// The paths that a program without '/' in its name has in these folders ("/sbin:/bin"), or its own.
[[nodiscard]] std::vector<std::string> program_paths(const std::string& program,
                                                     const std::string& search_path);

}  // namespace glovebox::enclave
