// SPDX-License-Identifier: Apache-2.0

// Runs a program and takes what it prints.
#pragma once

#include <string>
#include <vector>

namespace glovebox::integration {

struct Finished {
    int exit_status = -1;  // 128 + signal where it was killed
    std::string output;
    std::string errors;
};

// `directory` is where it runs; `environment`, "NAME=value" each, is all that it has.
[[nodiscard]] Finished run(const std::vector<std::string>& arguments, const std::string& directory,
                           const std::vector<std::string>& environment);

}  // namespace glovebox::integration
