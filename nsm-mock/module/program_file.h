// SPDX-License-Identifier: Apache-2.0

// A file that is measured, opened before its content is needed: a module is made while its enclave
// starts, and a mistake in a path is an error before it starts.
#pragma once

#include <string>

#include "core/base/error.h"
#include "core/base/unique_fd.h"
#include "core/crypto/pcr.h"

namespace glovebox::nsm {

struct ProgramFile {
    // What is no regular file, or can't be read, is an error.
    [[nodiscard]] static Result<ProgramFile> open(const std::string& path);

    // SHA-384 of the content, from where the file stands. For one call.
    [[nodiscard]] Result<Pcr> digest() const;

    UniqueFd file;
    std::string path;  // for sentences
};

}  // namespace glovebox::nsm
