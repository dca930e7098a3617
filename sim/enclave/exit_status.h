// SPDX-License-Identifier: Apache-2.0

// The exit statuses for a program that was not executed, as in env(1) and shells.
#pragma once

namespace glovebox::enclave {

inline constexpr int exit_not_executable = 126;
inline constexpr int exit_not_found = 127;

}  // namespace glovebox::enclave
