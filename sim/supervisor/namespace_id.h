// SPDX-License-Identifier: Apache-2.0

// A namespace (namespaces(7)) as a number that tells it from others.
#pragma once

#include <sys/types.h>

namespace glovebox::supervisor {

// The inode of the namespace that a process or thread is in; `kind` is its name in /proc/PID/ns:
// "user", "pid", "mnt", "net". 0 where it can't be read.
[[nodiscard]] ino_t namespace_of(pid_t thread, const char* kind);

}  // namespace glovebox::supervisor
