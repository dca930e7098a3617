// SPDX-License-Identifier: Apache-2.0

// The mount system calls that glibc 2.31 to 2.36 has no wrappers for, by their kernel names. All
// are as old as Linux 5.12 or older. -1 and errno, as ever.
#pragma once

#include <cstdint>

namespace glovebox::sandbox {

// Opens `path`, with O_* flags, seen from `directory` as if that were "/": no symlink leads out of
// it.
[[nodiscard]] int open_in_root(int directory, const char* path, std::uint64_t flags) noexcept;

// A detached copy of the mount at `path` (of `directory` itself with an empty path) and all mounts
// below it.
[[nodiscard]] int clone_tree(int directory, const char* path) noexcept;

// Makes a detached tree read-only, every mount of it.
[[nodiscard]] int make_tree_read_only(int tree) noexcept;

// Attaches a detached tree at the place that `target` (O_PATH) has open.
[[nodiscard]] int attach_tree(int tree, int target) noexcept;

// Attaches a detached tree as the root of this mount namespace and of this process, whose working
// directory it becomes too. What was mounted before is detached. Needs a folder /proc.
[[nodiscard]] int make_root(int tree) noexcept;

}  // namespace glovebox::sandbox
