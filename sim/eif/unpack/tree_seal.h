// Whether a folder is still as it was written: a digest of its names and attributes.
#pragma once

#include <filesystem>
#include <string>

#include "core/base/error.h"

namespace glovebox::eif {

// SHA-384, in hexadecimal, of every name below `folder` with its type, permissions, size and time
// of modification. Contents are not read, so a file that was overwritten with as many bytes and
// given its old time again goes unnoticed; a half-removed tree, one that a power failure emptied,
// or an edited file does not. What a folder without permissions holds is left out.
[[nodiscard]] Result<std::string> seal_of(const std::filesystem::path& folder);

}  // namespace glovebox::eif
