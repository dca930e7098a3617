// SPDX-License-Identifier: Apache-2.0

#include "sim/sandbox/locked_mounts.h"

#include <sched.h>

#include <cerrno>

#include "core/base/unique_fd.h"
#include "sim/sandbox/report.h"

namespace glovebox::sandbox {

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
