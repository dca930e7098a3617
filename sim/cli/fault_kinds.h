// SPDX-License-Identifier: Apache-2.0

// The commands that set a fault, one for each kind, and their words as a fault.
#pragma once

#include <vector>

#include "core/fault/fault.h"
#include "sim/cli/commands.h"

namespace glovebox::cli {

// "refuse", "kms throttle", "enclave kill", ..., which all run `run`.
[[nodiscard]] std::vector<Command> fault_kinds(int (*run)(const Values& values));

// The fault that the command line of such a command names.
[[nodiscard]] fault::Fault read_fault(const Values& values);

}  // namespace glovebox::cli
