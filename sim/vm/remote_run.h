// SPDX-License-Identifier: Apache-2.0

// A command that an agent in a guest runs (agent.h), as if it ran here.
#pragma once

#include <string>

#include "core/base/error.h"
#include "sim/vm/frame.h"

namespace glovebox::vm {

// Connects to QEMU's socket of a port, has the agent run the command with this process's standard
// streams, passes the signals on that would end this process, and returns the exit status, 126 or
// 127 if the guest cannot execute it. It fails if nobody listens at the socket, or if the guest
// ends before the command.
[[nodiscard]] Result<int> run_remotely(const std::string& socket, const RemoteCommand& command);

}  // namespace glovebox::vm
