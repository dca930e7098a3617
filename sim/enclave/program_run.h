// SPDX-License-Identifier: Apache-2.0

// One run of a program, from its world to its exit status: the common part of `glovebox run` and
// `glovebox parent`.
#pragma once

#include <functional>
#include <string>

#include "core/base/log.h"
#include "sim/enclave/session.h"

namespace glovebox::enclave {

// Writes the sentence of a failure where the command's caller reads it.
using TellFailure = std::function<void(const std::string& sentence)>;

struct ProgramRun {
    std::string world;
    std::string hint_when_missing{};  // follows the sentence that the program is missing
    RunOptions options{};

    // Returns the program's exit status, or 128 and the signal that killed it; 126 or 127 if it
    // cannot be executed, with a sentence to `tell`. Throws ErrorException for every other error.
    [[nodiscard]] int run(Log& log, const TellFailure& tell) const;
};

}  // namespace glovebox::enclave
