// SPDX-License-Identifier: Apache-2.0

// Detects whether a folder has changed since it was written, by two digests.
//
// The seal is fast: it reads no file. It relies on the time of change (ctime): every change through
// the kernel sets it to the current time, and no call sets it to another. utimensat(2) can give a
// changed file its old time of modification, but that changes the ctime again. Root can set the
// clock back or write to the disk below the file system, and so evade the seal. fs-verity would
// hold against that too, but few file systems have it enabled, and it covers contents only.
//
// The content digest reads everything. It stays the same when a backup is restored, when a file
// system assigns other inode numbers, or when something sets times of change.
#pragma once

#include <filesystem>
#include <string>

#include "core/base/error.h"
#include "core/base/progress.h"

namespace glovebox::eif {

// SHA-384, in hexadecimal, of every name below `folder` with its type, permissions, owner, size,
// inode number, and times of modification and change. Folders that this user cannot read are left
// out: to change what is in one, its permissions have to change, and with them its ctime.
[[nodiscard]] Result<std::string> seal_of(const std::filesystem::path& folder);

// SHA-256, in hexadecimal, of every name below `folder` with its type, permissions, owner, time of
// modification, and the bytes of a file or the target of a link. An error if one of them cannot be
// read.
[[nodiscard]] Result<std::string> content_of(const std::filesystem::path& folder,
                                             Progress& progress = no_progress());

// Waits until the file system's clock has moved on, so that a later change has another ctime than a
// seal that is taken now. This takes some milliseconds, or a second or two on a file system that
// counts in those; it gives up after 3 s. Makes a nameless file in `folder`, which is not inside
// the sealed one.
[[nodiscard]] Result<void> wait_for_another_time(const std::filesystem::path& folder);

}  // namespace glovebox::eif
