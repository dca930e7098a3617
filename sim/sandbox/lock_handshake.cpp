#include "sim/sandbox/lock_handshake.h"

#include <sched.h>

#include <cerrno>
#include <cstdlib>

#include "core/base/leave_child.h"

namespace glovebox::sandbox {

UniqueFd expect_report(int socket, Report::Kind kind) noexcept {
    ReceivedReport received;
    const bool came = receive_report(socket, received);
    UniqueFd descriptor(received.descriptor);
    if (!came || received.report.kind != kind)
        leave_child(EXIT_FAILURE);
    return descriptor;
}

int enter_locked(int socket, int tree) noexcept {
    Report built;
    built.kind = Report::Kind::built;
    if (const int error = send_report(socket, built, tree); error != 0) {
        errno = error;
        return -1;
    }
    const UniqueFd mount_namespace = expect_report(socket, Report::Kind::locked);
    return ::setns(mount_namespace.get(), CLONE_NEWNS);
}

}  // namespace glovebox::sandbox
