// SPDX-License-Identifier: Apache-2.0

#include "sim/sandbox/mount_copy.h"

#include <sched.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "core/base/leave_child.h"
#include "sim/sandbox/mount_calls.h"

namespace glovebox::sandbox {

int attach_copy(int process, int source, int target) noexcept {
    // Without a signal at its end, it is nobody's child but of those who wait for it by __WCLONE.
    const long child = ::syscall(SYS_clone, 0, nullptr, nullptr, nullptr, nullptr);
    if (child < 0)
        return errno;
    if (child == 0) {
        if (::setns(process, CLONE_NEWUSER | CLONE_NEWNS) != 0)
            leave_child(errno);
        const int tree = clone_tree(source, "");
        leave_child(tree < 0 || attach_tree(tree, target) != 0 ? errno : 0);
    }
    int status = 0;
    while (::waitpid(static_cast<pid_t>(child), &status, __WCLONE) < 0)
        if (errno != EINTR)
            return errno;
    return WIFEXITED(status) ? WEXITSTATUS(status) : EIO;
}

}  // namespace glovebox::sandbox
