// SPDX-License-Identifier: Apache-2.0

// A file to be measured, opened before its content is needed. The module is made while the enclave
// starts, and a wrong path has to be an error before the start.
#pragma once

#include <string>

#include "core/base/error.h"
#include "core/base/unique_fd.h"
#include "core/crypto/pcr.h"

namespace glovebox::nsm {

struct ProgramFile {
    // Fails if `path` is not a regular file or cannot be opened. Does not wait for the writer of a
    // FIFO.
    [[nodiscard]] static Result<ProgramFile> open(const std::string& path);

    // SHA-384 of the content from the file's position to its end. Call it once: it moves the
    // position.
    [[nodiscard]] Result<Pcr> digest() const;

    UniqueFd file;
    std::string path;  // for error messages
};

}  // namespace glovebox::nsm
