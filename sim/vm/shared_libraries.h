// SPDX-License-Identifier: Apache-2.0

// The shared libraries that a program is linked with, as the dynamic linker finds them here.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"

namespace glovebox::vm {

// The paths in ldd's output. An error if it names a library that is not found.
[[nodiscard]] Result<std::vector<std::string>> libraries_in(std::string_view ldd_output);

// Those of an ELF file; none for a script or a static program.
[[nodiscard]] Result<std::vector<std::string>> libraries_of(const std::filesystem::path& program);

}  // namespace glovebox::vm
