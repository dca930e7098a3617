// SPDX-License-Identifier: Apache-2.0

#include "sim/supervisor/tracing_notice.h"

#include <sys/syscall.h>

namespace glovebox::supervisor {

bool TracingNotice::handles(int number) {
    return number == SYS_ptrace || is_filter_call(number);
}

bool TracingNotice::is_filter_call(int number) {
    return number == SYS_seccomp || number == SYS_prctl;
}

void TracingNotice::look(const SystemCall& call) {
    if (is_filter_call(call.number))
        notices_.tell(
            LogLevel::warning, "filter", "own_filter",
            "process {} installs a system call filter of its own. From now on its connect, bind, "
            "listen and accept on vsock sockets fail with EINVAL, because in this container its "
            "threads hand their sockets to glovebox by calls that such a filter may deny. Let it "
            "make its connections before the filter, or start the container with a profile that "
            "allows AF_VSOCK (glovebox doctor)",
            call.thread);
    else
        notices_.tell(
            LogLevel::warning, "trace", "no_tracing",
            "process {} traces another one (ptrace), which fails with EPERM: in this container "
            "glovebox traces every program itself. Run the debugger outside of glovebox, or start "
            "the container with a profile that allows AF_VSOCK (glovebox doctor)",
            call.thread);
}

}  // namespace glovebox::supervisor
