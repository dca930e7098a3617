// SPDX-License-Identifier: Apache-2.0

// Reads a file for commands that report failures in AWS's words.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

#include "core/base/error.h"

namespace glovebox::nitro_cli {

// The content. The error is `unreadable`, or E19 for a file of more than `limit` bytes.
[[nodiscard]] Result<std::string> read_text_file(const std::filesystem::path& path,
                                                 std::size_t limit, const Error& unreadable);

}  // namespace glovebox::nitro_cli
