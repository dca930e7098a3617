// SPDX-License-Identifier: Apache-2.0

// The children of a process, adopted ones included: orphans of a supervised tree.
#pragma once

#include <sys/types.h>

#include <vector>

namespace glovebox::enclave {

// From /proc; without those that ended meanwhile.
[[nodiscard]] std::vector<pid_t> list_children(pid_t parent);

// The processes below this one, each after its parent, in one look at /proc; one that begins
// meanwhile may be missing.
[[nodiscard]] std::vector<pid_t> list_descendants(pid_t ancestor);

// The calling thread's that have ended and that nobody traces: whoever traces one waits for it.
// One may be missing while others end.
[[nodiscard]] std::vector<pid_t> list_ended_children();

}  // namespace glovebox::enclave
