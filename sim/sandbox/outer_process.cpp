// SPDX-License-Identifier: Apache-2.0

#include "sim/sandbox/outer_process.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "core/base/leave_child.h"
#include "core/base/unique_fd.h"
#include "sim/sandbox/inherited_descriptors.h"
#include "sim/sandbox/mount_calls.h"
#include "sim/sandbox/report.h"

namespace glovebox::sandbox {
namespace {

// CLONE_PARENT: PID 1 is the maker's child, to be waited for when this process is gone.
constexpr unsigned long inner_namespaces = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID |
                                           CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS |
                                           CLONE_PARENT;

constexpr const char* cgroup_namespaces_max = "/proc/sys/user/max_cgroup_namespaces";

// Returns 0 or an errno. The kernel accepts a map, and a limit, only in one write.
int write_at(int directory, const char* path, std::string_view text) noexcept {
    const UniqueFd file(::openat(directory, path, O_WRONLY | O_CLOEXEC));
    if (!file)
        return errno;
    const ssize_t size = ::write(file.get(), text.data(), text.size());
    return size == static_cast<ssize_t>(text.size()) ? 0 : size < 0 ? errno : EIO;
}

UniqueFd open_proc_directory(pid_t pid) noexcept {
    char path[32] = "/proc/";
    char* const begin = path + std::strlen(path);
    *std::to_chars(begin, path + sizeof path - 1, pid).ptr = '\0';
    return UniqueFd(::open(path, O_PATH | O_DIRECTORY | O_CLOEXEC));
}

}  // namespace

OuterProcess::OuterProcess(InitProcess& init, std::array<int, 2> sockets)
    : init_(init),
      socket_(sockets[0]),
      inner_socket_(sockets[1]),
      uid_map_(to_id_map(identity(init.plan.ids.uids))),
      gid_map_(to_id_map(identity(init.plan.ids.gids))) {
    init_.outer_socket = inner_socket_;
}

void OuterProcess::run() noexcept {
    if (const int error = take_standard_streams(init_.standard_streams); error != 0)
        fail(init_.report_socket, Report::Stage::standard_streams, error);
    // Before waiting: the fork copied the maker's end of the socket, this sandbox's and maybe
    // another one's. As long as a copy is open, no process notices that the maker has ended.
    close_all_but(init_.kept_descriptors);
    char go = 0;
    ssize_t size = 0;
    while ((size = ::read(init_.report_socket, &go, 1)) < 0 && errno == EINTR) {
    }
    if (size != 1)
        leave_child(EXIT_FAILURE);  // the maker is gone, or could not write the maps

    leave_the_machine();
    const long child =
        ::syscall(SYS_clone, inner_namespaces | SIGCHLD, nullptr, nullptr, nullptr, nullptr);
    if (child < 0)
        fail(init_.report_socket, Report::Stage::inner_namespaces, errno);
    if (child == 0) {
        ::close(socket_);
        ::close(own_proc_);
        init_.run();
    }
    ::close(inner_socket_);
    const UniqueFd proc_directory = open_proc_directory(static_cast<pid_t>(child));
    map_ids(proc_directory.get());
    const UniqueFd user_namespace(::openat(proc_directory.get(), "ns/user", O_RDONLY | O_CLOEXEC));
    Report mapped;
    mapped.kind = Report::Kind::mapped;
    send_report(socket_, mapped);
    lock(user_namespace.get());
    leave_child(EXIT_SUCCESS);
}

void OuterProcess::leave_the_machine() noexcept {
    // ENOSPC: this machine is a sandbox itself, which allows no further cgroup namespaces and has
    // no cgroup file system to mount.
    if (::unshare(CLONE_NEWCGROUP) != 0 && errno != ENOSPC)
        fail(init_.report_socket, Report::Stage::cgroup_namespace, errno);
    init_.cgroup_limit_error = write_at(AT_FDCWD, cgroup_namespaces_max, "0");
    if (::mount("", "/", "none", MS_REC | MS_PRIVATE, nullptr) != 0)
        fail(init_.report_socket, Report::Stage::propagation, errno);
    own_proc_ = ::open("/proc/self", O_PATH | O_DIRECTORY | O_CLOEXEC);
}

void OuterProcess::map_ids(int proc_directory) noexcept {
    int error = write_at(proc_directory, "uid_map", uid_map_);
    if (error == 0)
        error = write_at(proc_directory, "gid_map", gid_map_);
    if (error != 0)
        fail(init_.report_socket, Report::Stage::inner_ids, error);
}

void OuterProcess::lock(int user_namespace) noexcept {
    const UniqueFd tree = expect_report(socket_, Report::Kind::built);
    if (make_root(tree.get()) != 0 || ::setns(user_namespace, CLONE_NEWUSER) != 0 ||
        ::unshare(CLONE_NEWNS) != 0)
        fail(init_.report_socket, Report::Stage::lock, errno);
    const UniqueFd mount_namespace(::openat(own_proc_, "ns/mnt", O_RDONLY | O_CLOEXEC));
    if (!mount_namespace)
        fail(init_.report_socket, Report::Stage::lock, errno);
    Report locked;
    locked.kind = Report::Kind::locked;
    send_report(socket_, locked, mount_namespace.get());
}

}  // namespace glovebox::sandbox
