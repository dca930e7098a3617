// SPDX-License-Identifier: Apache-2.0

// The children of a process, adopted ones included: orphans of a supervised tree.
#pragma once

#include <sys/types.h>

#include <vector>

namespace glovebox::enclave {

// From /proc; without those that ended meanwhile.
[[nodiscard]] std::vector<pid_t> list_children(pid_t parent);

// The calling thread's that have ended and that nobody traces: whoever traces one waits for it.
// One may be missing while others end.
[[nodiscard]] std::vector<pid_t> list_ended_children();

}  // namespace glovebox::enclave
