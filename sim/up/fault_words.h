// SPDX-License-Identifier: Apache-2.0

// The words that set a fault: those of `glovebox fault`, and of a world file's `faults`.
#pragma once

#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/fault/fault.h"
#include "sim/command_line/command.h"
#include "sim/command_line/values.h"

namespace glovebox::up {

// A command for each kind, "refuse", "kms throttle", "enclave kill", ..., which all run `run`.
[[nodiscard]] std::vector<command_line::Command> fault_kinds(
    int (*run)(const command_line::Values& values));

// The fault that the command line of such a command names.
[[nodiscard]] fault::Fault read_fault(const command_line::Values& values);

// The fault of a text: "cut --port 5005 --after 2500 --times 1". The error says what is wrong with
// it, as the command does.
[[nodiscard]] Result<fault::Fault> parse_fault(const std::string& text);

}  // namespace glovebox::up
