// SPDX-License-Identifier: Apache-2.0

// Whether another process is at its limit on open descriptors (RLIMIT_NOFILE).
#pragma once

#include <sys/types.h>

#include <cstddef>

namespace glovebox::supervisor {

// Whether the process of `thread` could open `wanted` descriptors more. True where that can't be
// found out: then the kernel says so when the descriptor is installed. Cheap while the limit is far
// and the kernel tells the number of descriptors (Linux 6.2); else it costs a look at each of them.
[[nodiscard]] bool has_room_for_descriptors(pid_t thread, std::size_t wanted);

}  // namespace glovebox::supervisor
