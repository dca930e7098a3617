// SPDX-License-Identifier: Apache-2.0

// Writing the id maps of a user namespace that was just made, directly or through the setuid
// helpers newuidmap(1) and newgidmap(1).
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>

#include "core/base/error.h"
#include "sim/sandbox/id_mapping.h"

namespace glovebox::sandbox {

// The absolute path of a helper, looked for where distributions install it; empty where it is not.
[[nodiscard]] std::string find_helper(std::string_view name);

// Maps `mapping` into the user namespace of `pid`, a child that waits in it. Called by the parent,
// from outside.
[[nodiscard]] Result<void> write_id_maps(pid_t pid, const IdMapping& mapping);

}  // namespace glovebox::sandbox
