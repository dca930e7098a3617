// SPDX-License-Identifier: Apache-2.0

// One digest of all files below a folder, as a script's measurement needs it.
//
// Entries are taken in the byte order of their paths below the folder ("a/b"), and each adds
//
//   a folder         "D" path 0x00
//   a file           "F" path 0x00 SHA384(content), with "X" for "F" where its owner may execute it
//   a symbolic link  "L" path 0x00 "L" text 0x00
//   a file that we may not read  "U" path 0x00
//   anything else    "O" path 0x00
//
// to one SHA-384. Times, owners and other permissions are left out, so that a copy or a checkout
// has the same digest. Names that begin with '.' (.git, .venv) and __pycache__ are passed over with
// all that is below them: tools change them while the program stays the same.
#pragma once

#include <string>

#include "core/base/error.h"
#include "core/crypto/pcr.h"

namespace glovebox::nsm {

// Errors: a folder that can't be read, or a file that goes away meanwhile, by its name.
[[nodiscard]] Result<Pcr> digest_of_folder(const std::string& folder);

}  // namespace glovebox::nsm
