// SPDX-License-Identifier: Apache-2.0

// A program that is run to its end, and what it wrote.
#pragma once

#include <string>
#include <vector>

#include "core/base/error.h"

namespace glovebox::vm {

struct Captured {
    int status = 0;  // the exit status, or 128 and the signal
    std::string output;
    std::string errors;
};

// Runs a program, found in PATH, in `folder` (empty: here) with LC_ALL=C and no standard input, and
// waits for it. An error if it cannot be started.
[[nodiscard]] Result<Captured> capture(const std::vector<std::string>& arguments,
                                       const std::string& folder = {});

// The output of a program that has to succeed; the error has the end of what it wrote about its
// failure.
[[nodiscard]] Result<std::string> output_of(const std::vector<std::string>& arguments,
                                            const std::string& folder = {});

// Whether PATH has a program of this name.
[[nodiscard]] bool has_program(std::string_view name);

}  // namespace glovebox::vm
