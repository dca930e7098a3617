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

UniqueFd own_pidfd() noexcept {
    return UniqueFd(static_cast<int>(::syscall(SYS_pidfd_open, ::getpid(), 0)));
}

// Nobody looks into this process, and it ends with its parent, whose pidfd this is. A change of
// credentials takes both away (commit_creds of the kernel).
void guard(int parent) noexcept {
    ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    ::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    pollfd ended{parent, POLLIN, 0};
    if (::poll(&ended, 1, 0) > 0)
        leave_child(EPERM);
}

// Milliseconds. An errand takes one; the process in between ends it after its own time.
constexpr int patience_for_errand = 1'000;
constexpr int patience_for_visit = 2 * patience_for_errand;

// The process's exit status; ETIMEDOUT if it had to be ended after `patience` milliseconds, EPERM
// if somebody else ended it.
int await(pid_t process, int patience) noexcept {
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

std::optional<NamespaceVisit> NamespaceVisit::prepare(pid_t thread, Processes processes) {
    const bool joins_pids = processes == Processes::threads;
    NamespaceVisit visit;
    visit.user_ = open_of(thread, "ns/user", O_RDONLY);
    if (joins_pids)
        visit.pid_ = open_of(thread, "ns/pid", O_RDONLY);
    visit.mount_ = open_of(thread, "ns/mnt", O_RDONLY);
    visit.root_ = open_of(thread, "root", O_PATH | O_DIRECTORY);
    visit.folder_ = open_of(thread, "cwd", O_PATH | O_DIRECTORY);
    if (!visit.user_ || (joins_pids && !visit.pid_) || !visit.mount_ || !visit.root_ ||
        !visit.folder_)
        return std::nullopt;
    return visit;
}

int NamespaceVisit::run(int (*errand)(const void*), const void* context) const {
    const UniqueFd self = own_pidfd();
    const long process = fork_quietly();
    if (process < 0)
        return errno;
    if (process == 0)
        visit(self.get(), errand, context);
    return await(static_cast<pid_t>(process), pid_ ? patience_for_visit : patience_for_errand);
}

void NamespaceVisit::visit(int parent, int (*errand)(const void*),
                           const void* context) const noexcept {
    guard(parent);
    // A program may stop a visit. The kernel sends SIGHUP to a group of processes that is orphaned,
    // as in a script without a terminal, and has one that is stopped (setpgid(2)). So a visit has a
    // group of its own.
    ::setpgid(0, 0);
    if (::setns(user_.get(), CLONE_NEWUSER) != 0 ||
        (pid_ && ::setns(pid_.get(), CLONE_NEWPID) != 0) ||
        ::setns(mount_.get(), CLONE_NEWNS) != 0 || ::fchdir(root_.get()) != 0 ||
        ::chroot(".") != 0 || ::fchdir(folder_.get()) != 0)
        leave_child(EPERM);
    guard(parent);
    if (!pid_)
        leave_child(errand(context));
    // A PID namespace is that of the next child. A program there can stop that child, even before
    // its first instruction, but not this process.
    const UniqueFd self = own_pidfd();
    const long process = fork_quietly();
    if (process < 0)
        leave_child(errno);
    if (process == 0) {
        guard(self.get());
        leave_child(errand(context));
    }
    leave_child(await(static_cast<pid_t>(process), patience_for_errand));
}

}  // namespace glovebox::supervisor
