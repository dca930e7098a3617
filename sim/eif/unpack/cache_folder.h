// SPDX-License-Identifier: Apache-2.0

// Where unpacked images and what is known of them are kept: nobody else may write to it.
#pragma once

#include <filesystem>

#include "core/base/error.h"

namespace glovebox::eif {

// Makes a folder with mode 0700, and what is above it, or takes one that is there. An existing
// folder is refused if it has another owner or others can write to it (EifError::unsafe_path).
[[nodiscard]] Result<void> make_cache_folder(const std::filesystem::path& folder);

}  // namespace glovebox::eif
