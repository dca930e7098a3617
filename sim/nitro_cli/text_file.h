// SPDX-License-Identifier: Apache-2.0

// A file's content, for commands that report what failed in AWS's words.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

#include "core/base/error.h"

namespace glovebox::nitro_cli {

// The error is `unreadable`, or E19 with the limit for a file that has more than that many bytes.
[[nodiscard]] Result<std::string> read_text_file(const std::filesystem::path& path,
                                                 std::size_t limit, const Error& unreadable);

}  // namespace glovebox::nitro_cli
