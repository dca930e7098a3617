// SPDX-License-Identifier: Apache-2.0

#include "sim/supervisor/namespace_visit.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "core/base/leave_child.h"

namespace glovebox::supervisor {
namespace {

UniqueFd open_of(pid_t thread, const char* name, int flags) {
    return UniqueFd(::open(fmt::format("/proc/{}/{}", thread, name).c_str(), flags | O_CLOEXEC));
}

// Without a signal at its end, so that those who wait for the program's processes don't find it.
long fork_quietly() noexcept {
    return ::syscall(SYS_clone, 0, nullptr, nullptr, nullptr, nullptr);
}

// The process's exit status; ETIMEDOUT if it had to be ended, EPERM if somebody else ended it.
int await(pid_t process) noexcept {
    constexpr int patience = 5'000;  // milliseconds; an errand takes one
    const UniqueFd ended(static_cast<int>(::syscall(SYS_pidfd_open, process, 0)));
    pollfd end{ended.get(), POLLIN, 0};
    int in_time = 0;
    while ((in_time = ::poll(&end, 1, patience)) < 0 && errno == EINTR) {
    }
    if (in_time != 1)
        ::kill(process, SIGKILL);
    int status = 0;
    while (::waitpid(process, &status, __WALL) < 0 && errno == EINTR) {
    }
    return in_time != 1 ? ETIMEDOUT : WIFEXITED(status) ? WEXITSTATUS(status) : EPERM;
}

}  // namespace

std::optional<NamespaceVisit> NamespaceVisit::prepare(pid_t thread) {
    NamespaceVisit visit;
    visit.user_ = open_of(thread, "ns/user", O_RDONLY);
    visit.pid_ = open_of(thread, "ns/pid", O_RDONLY);
    visit.mount_ = open_of(thread, "ns/mnt", O_RDONLY);
    visit.root_ = open_of(thread, "root", O_PATH | O_DIRECTORY);
    visit.folder_ = open_of(thread, "cwd", O_PATH | O_DIRECTORY);
    if (!visit.user_ || !visit.pid_ || !visit.mount_ || !visit.root_ || !visit.folder_)
        return std::nullopt;
    return visit;
}

int NamespaceVisit::run(int (*errand)(const void*), const void* context) const {
    const long process = fork_quietly();
    if (process < 0)
        return errno;
    if (process == 0)
        visit(errand, context);
    return await(static_cast<pid_t>(process));
}

void NamespaceVisit::visit(int (*errand)(const void*), const void* context) const noexcept {
    ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    ::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    if (::setns(user_.get(), CLONE_NEWUSER) != 0 || ::setns(pid_.get(), CLONE_NEWPID) != 0 ||
        ::setns(mount_.get(), CLONE_NEWNS) != 0 || ::fchdir(root_.get()) != 0 ||
        ::chroot(".") != 0 || ::fchdir(folder_.get()) != 0)
        leave_child(EPERM);
    // A PID namespace is that of the next child.
    const long process = fork_quietly();
    if (process < 0)
        leave_child(errno);
    if (process == 0)
        leave_child(errand(context));
    leave_child(await(static_cast<pid_t>(process)));
}

}  // namespace glovebox::supervisor
