// SPDX-License-Identifier: Apache-2.0

// Whether a folder is still as it was written, by two digests.
//
// The seal is quick: it reads no file. It holds because every change through the kernel gives a
// file another time of change (ctime), which no call sets: utimensat(2) gives a changed file its
// old time of modification, and with that yet another time of change. Root can set the clock back
// or write to the disk below the file system, and gets around it. fs-verity would hold against the
// file system's owner too, but few file systems have it enabled, and it covers contents alone.
//
// The content is slow and says more: it is the same after a backup was restored, after a file
// system gave other inode numbers, or after something set times.
#pragma once

#include <filesystem>
#include <string>

#include "core/base/error.h"

namespace glovebox::eif {

// SHA-384, in hexadecimal, of every name below `folder` with its type, permissions, owner, size,
// inode number, and times of modification and of change. What a folder without permissions holds is
// left out: to change it, the folder's own permissions have to be changed, and with them its time.
[[nodiscard]] Result<std::string> seal_of(const std::filesystem::path& folder);

// SHA-256, in hexadecimal, of every name below `folder` with its type, permissions, owner, time of
// modification, and the bytes of a file or the text of a link. An error where one of them can't be
// read.
[[nodiscard]] Result<std::string> content_of(const std::filesystem::path& folder);

// Waits until the file system gives other times than until now, so that what changes from now on
// has another time of change than a seal from now on holds. Some milliseconds, or a second where
// the file system counts seconds. `folder` is one to make a file in, beside what is sealed.
[[nodiscard]] Result<void> wait_for_another_time(const std::filesystem::path& folder);

}  // namespace glovebox::eif
