// SPDX-License-Identifier: Apache-2.0

// A mount of a running sandbox, shown at a second place: where an image's own init mounts a file
// system that a user namespace can't mount anew (devtmpfs; procfs and sysfs in a container).
#pragma once

namespace glovebox::sandbox {

// Attaches a copy of the mount `source`, with those below it, at the folder `target`; both are
// O_PATH descriptors in the mount namespace of `process`, a pidfd. The copy is locked as the
// original is. Returns 0 or an errno. May be called from several threads: a child of its own joins
// the namespaces.
[[nodiscard]] int attach_copy(int process, int source, int target) noexcept;

}  // namespace glovebox::sandbox
