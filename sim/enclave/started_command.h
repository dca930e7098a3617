// SPDX-License-Identifier: Apache-2.0

// The command that a command starts: "python3 app.py" in "env MODE=test python3 app.py".
//
// Some programs only start another one, with variables, a time limit, a signal handler or a
// forwarder beside it: env(1), timeout(1), nice(1), tini, `glovebox forward`. What an enclave is
// for is the program that they start, so that program counts for PCR0 to PCR2, and has to be
// visible in the sandbox.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

namespace glovebox::enclave {

// The innermost command, as a part of `arguments`; all of them if their program starts no other. A
// starter's options and their values are skipped, because only its command is a program: it begins
// at the first argument for which `is_program` is true.
[[nodiscard]] std::span<const std::string> started_command(
    const std::vector<std::string>& arguments,
    const std::function<bool(const std::string&)>& is_program);

}  // namespace glovebox::enclave
