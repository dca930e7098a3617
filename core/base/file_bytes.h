// SPDX-License-Identifier: Apache-2.0

// A file's content, as far as a reader's limit goes: a file that somebody else wrote may be larger
// than memory, or have no end.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "core/base/bytes.h"

namespace glovebox {

// The whole content. Errors: errno's with the path, or "<path> has more than <limit> bytes, the
// most that is read of it".
[[nodiscard]] Result<Bytes> read_file_bytes(const std::string& path, std::size_t limit);

// The same of a descriptor, from where it stands; `name` is the file's, for the error.
[[nodiscard]] Result<Bytes> read_bytes(int fd, std::string_view name, std::size_t limit);

// The text of a file that the kernel or the system keeps (/proc/PID/stat, /etc/subuid); empty where
// it can't be read, as when a process ends after its file was opened (ESRCH). A std::ifstream's
// iterators throw then.
[[nodiscard]] std::string read_system_text(const std::string& path);

}  // namespace glovebox
