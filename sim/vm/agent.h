// SPDX-License-Identifier: Apache-2.0

// The agent in a guest: runs commands that this machine sends by a virtio port, one at a time.
#pragma once

#include <string>
#include <vector>

#include "core/base/error.h"

namespace glovebox::vm {

// Serves each of these ports ("/dev/vport0p3") in a process of its own, until this process is
// ended. The processes have been started when it returns; an error names a port that cannot be
// opened.
[[nodiscard]] Result<void> start_agents(const std::vector<std::string>& ports);

}  // namespace glovebox::vm
