// SPDX-License-Identifier: Apache-2.0

// Writes the ID maps of a new user namespace, directly or by the setuid helpers newuidmap(1) and
// newgidmap(1).
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>

#include "core/base/error.h"
#include "sim/sandbox/id_mapping.h"

namespace glovebox::sandbox {

// The absolute path of a helper in the folders where distributions install it; empty if it is
// missing.
[[nodiscard]] std::string find_helper(std::string_view name);

// Writes the maps of the user namespace of `pid`, a child that waits in it. Called by the parent,
// outside of that namespace. The error names the file, or the helper that refused.
[[nodiscard]] Result<void> write_id_maps(pid_t pid, const IdMapping& mapping);

}  // namespace glovebox::sandbox
