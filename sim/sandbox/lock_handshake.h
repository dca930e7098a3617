// What PID 1 and the outer process (outer_process.h) say to each other while the mounts are locked.
#pragma once

#include "core/base/unique_fd.h"
#include "sim/sandbox/report.h"

namespace glovebox::sandbox {

// Waits for the other one's word; the descriptor that came with it. An end of the stream says that
// the other one has ended, and has told the maker why: then this process ends too.
UniqueFd expect_report(int socket, Report::Kind kind) noexcept;

// In PID 1: has `tree`, a detached one, locked by the outer process at the other end of `socket`,
// and enters the mount namespace that it is the root of. 0, or -1 and errno.
int enter_locked(int socket, int tree) noexcept;

}  // namespace glovebox::sandbox
