// SPDX-License-Identifier: Apache-2.0

// The search for a program without a slash in its name (environ(7), execvp(3)).
#pragma once

#include <string>
#include <vector>

namespace glovebox::enclave {

// The value of a variable of this process's environment; empty if it is not set.
[[nodiscard]] std::string environment_value(const char* name);

// The folders of a PATH in their order. An empty entry means the working directory, and becomes
// ".".
[[nodiscard]] std::vector<std::string> split_search_path(const std::string& path);

// Whether the path leads to a regular file that this user may execute.
[[nodiscard]] bool is_executable(const std::string& path);

}  // namespace glovebox::enclave
