// SPDX-License-Identifier: Apache-2.0

// The files of a Python interpreter that its scripts need: the standard library, and of the other
// modules those that a script imports, with those that they import in turn.
#pragma once

#include <filesystem>
#include <string_view>
#include <vector>

#include "core/base/error.h"

namespace glovebox::nitro {

// Whether a program of this name is one: python3, python3.11.
[[nodiscard]] bool is_python(const std::filesystem::path& program);

// Files and folders. The interpreter is asked, which runs none of the scripts. `scripts` are files
// and folders too. The error is the interpreter's.
[[nodiscard]] Result<std::vector<std::filesystem::path>> python_files(
    const std::filesystem::path& program, const std::vector<std::filesystem::path>& scripts);

}  // namespace glovebox::nitro
