// SPDX-License-Identifier: Apache-2.0

// A directory that belongs to one user: made where it is absent, and never taken from anyone else.
#pragma once

#include <string>

#include "core/base/error.h"
#include "core/base/unique_fd.h"

namespace glovebox {

// Opens the directory `path`, after making it (0700, its parent must exist) where it is absent.
// What is checked is checked on the descriptor that is returned, so nothing can be swapped in
// between. Errors name the path and the remedy:
//   ENOTDIR  it is a symbolic link or no directory    EPERM  it is somebody else's
//   EACCES   others may enter it (mode beyond 0700)   EINVAL its last component is not a name
// The last component is never followed; the ones before it are the caller's word.
[[nodiscard]] Result<UniqueFd> open_private_directory(const std::string& path);

}  // namespace glovebox
