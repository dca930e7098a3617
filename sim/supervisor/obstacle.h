// SPDX-License-Identifier: Apache-2.0

// Messages about obstacles to supervision: the reason, and the command that removes it.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>

#include "core/base/error.h"

namespace glovebox::supervisor {

// Whether a filter is in force in this process, which might answer a call before the supervisor is
// asked; true also where the kernel does not tell.
[[nodiscard]] bool is_under_filters();

// The filter could not be installed. EBUSY: another supervisor's listener is in force in this
// process tree; the message names it if it can be found. ENOSYS, EINVAL, EPERM, EACCES: no user
// notification here.
[[nodiscard]] Error filter_refused(int errno_value);

// The filter is installed, but another filter answers socket(AF_VSOCK) first. `needs_sandbox`: the
// remedy allows a sandbox too.
[[nodiscard]] Error vsock_denied(int errno_value, bool needs_sandbox = false);
[[nodiscard]] bool is_vsock_denial(const Error& error);

// The program could not be traced (tracer.h).
[[nodiscard]] Error tracing_refused(int errno_value);

// A process that holds a filter's listener.
struct ListenerHolder {
    pid_t process;
    std::string command;
};
// Looks through the caller's ancestors, since a supervisor of its tree is one.
[[nodiscard]] std::optional<ListenerHolder> find_listener_holder();

}  // namespace glovebox::supervisor
