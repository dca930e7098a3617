// SPDX-License-Identifier: Apache-2.0

// The exit status of a program that was not executed, as env(1) and shells have it.
#pragma once

namespace glovebox::enclave {

inline constexpr int exit_not_executable = 126;
inline constexpr int exit_not_found = 127;

}  // namespace glovebox::enclave
