// SPDX-License-Identifier: Apache-2.0

// PID 1's side of the lock on a sandbox's mounts, which outer_process.h describes.
#pragma once

namespace glovebox::sandbox {

// In PID 1: has `tree`, a detached one, locked by the outer process at the other end of `socket`,
// and enters the mount namespace that it is the root of. 0, or -1 and errno. Async-signal-safe.
int enter_locked(int socket, int tree) noexcept;

}  // namespace glovebox::sandbox
