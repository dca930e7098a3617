// SPDX-License-Identifier: Apache-2.0

// PID 1's part in locking a sandbox's mounts, which outer_process.h describes.
#pragma once

namespace glovebox::sandbox {

// In PID 1: sends `tree`, a detached tree of mounts, to the outer process at the other end of
// `socket`, which locks it, and enters the mount namespace whose root it then is. Returns 0, or -1
// and errno. Async-signal-safe.
int enter_locked(int socket, int tree) noexcept;

}  // namespace glovebox::sandbox
