// SPDX-License-Identifier: Apache-2.0

// Sockets with names in a directory. Live or stale? The name of a killed process looks like any
// other, and a connect to find out would give a live listener a connection. So it is probed with a
// socket of the wrong type.
#pragma once

#include <string>

#include "core/base/error.h"
#include "core/base/unique_fd.h"

namespace glovebox::transports {

// One binder at a time, over all processes: between finding a name stale and taking it over nobody
// else may do the same. Held for a few system calls, until the descriptor is closed. `path` is how
// errors call the directory.
[[nodiscard]] Result<UniqueFd> lock_directory(int directory, const std::string& path);

// Whether a live socket has the name, or something that is no socket.
[[nodiscard]] Result<bool> is_held(int directory, const std::string& path, const std::string& name);

}  // namespace glovebox::transports
