// SPDX-License-Identifier: Apache-2.0

// One digest of all files below a folder, for the measurement of a script.
//
// The entries are sorted by the bytes of their paths below the folder ("a/b"). Each one adds to a
// single SHA-384:
//
//   a folder         "D" path 0x00
//   a file           "F" path 0x00 SHA384(content); "X" instead of "F" if its owner may execute it
//   a symbolic link  "L" path 0x00 "L" target 0x00
//   a file that this process may not read  "U" path 0x00
//   anything else    "O" path 0x00
//
// Times, owners and other permissions are left out, so a copy or a checkout has the same digest.
// Entries whose name begins with '.' (.git, .venv) or is __pycache__ are skipped, with everything
// below them: tools change these while the program stays the same.
#pragma once

#include <string>

#include "core/base/error.h"
#include "core/crypto/pcr.h"

namespace glovebox::nsm {

// Fails if a folder or a file cannot be read, except for the files marked "U". The error names the
// path.
[[nodiscard]] Result<Pcr> digest_of_folder(const std::string& folder);

}  // namespace glovebox::nsm
