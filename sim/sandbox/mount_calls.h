// SPDX-License-Identifier: Apache-2.0

// The mount system calls without a wrapper in glibc 2.31 to 2.36, under their kernel names. Linux
// 5.12 has all of them. They return -1 and set errno on failure, and are async-signal-safe.
#pragma once

#include <cstdint>

namespace glovebox::sandbox {

// Opens `path` with O_* flags as if `directory` were "/": no symlink leads out of it (openat2(2),
// RESOLVE_IN_ROOT).
[[nodiscard]] int open_in_root(int directory, const char* path, std::uint64_t flags) noexcept;

// Returns a detached copy of the mount at `path`, or of `directory` itself if the path is empty,
// with all mounts below it.
[[nodiscard]] int clone_tree(int directory, const char* path) noexcept;

// Makes every mount of a detached tree read-only.
[[nodiscard]] int make_tree_read_only(int tree) noexcept;

// Attaches a detached tree at `target`, an O_PATH descriptor.
[[nodiscard]] int attach_tree(int tree, int target) noexcept;

// Makes a detached tree the root of this mount namespace and of this process, and its working
// directory. Detaches what was mounted before. The tree has a folder /proc.
[[nodiscard]] int make_root(int tree) noexcept;

}  // namespace glovebox::sandbox
