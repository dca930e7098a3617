// SPDX-License-Identifier: Apache-2.0

// A plan as text, one line for each step, so that tests state their expectations readably.
#pragma once

#include <string>
#include <vector>

#include "sim/sandbox/sandbox_plan.h"

namespace glovebox::sandbox {

// "stage: mkdir /upper 755", "mount tmpfs /tmp nosuid,nodev,noexec size=5", "bind /a on /b ro",
// "write /etc/hosts 644", "symlink /dev/fd -> /proc/self/fd", "whiteout /x", "enter root".
[[nodiscard]] std::string to_line(const Step& step);
[[nodiscard]] std::vector<std::string> to_lines(const std::vector<Step>& steps);

}  // namespace glovebox::sandbox
