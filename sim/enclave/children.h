// SPDX-License-Identifier: Apache-2.0

// The children of a process, adopted ones included: orphans of a supervised tree.
#pragma once

#include <sys/types.h>

#include <vector>

namespace glovebox::enclave {

// From /proc; without those that ended meanwhile.
[[nodiscard]] std::vector<pid_t> list_children(pid_t parent);

}  // namespace glovebox::enclave
