// SPDX-License-Identifier: Apache-2.0

#include "sim/supervisor/init_mounts.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <linux/capability.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <string>

#include "core/base/printable.h"

namespace glovebox::supervisor {
namespace {

// Flags of calls that change a mount, and make none of a file system.
constexpr std::uint64_t changing_flags =
    MS_REMOUNT | MS_BIND | MS_MOVE | MS_SHARED | MS_PRIVATE | MS_SLAVE | MS_UNBINDABLE;

constexpr ino_t root_inode = 1;  // of procfs and sysfs

std::optional<InitMounts::Kind> kind_of(const std::string& type) {
    if (type == "devtmpfs")
        return InitMounts::Kind::dev;
    if (type == "proc")
        return InitMounts::Kind::proc;
    if (type == "sysfs")
        return InitMounts::Kind::sys;
    return std::nullopt;
}

// The folder that a path means for the thread: 0, or an errno.
int open_folder(pid_t thread, const std::string& path, UniqueFd& folder) {
    const UniqueFd base(
        ::open(fmt::format("/proc/{}/{}", thread, path.starts_with('/') ? "root" : "cwd").c_str(),
               O_PATH | O_DIRECTORY | O_CLOEXEC));
    open_how how{};
    how.flags = O_PATH | O_DIRECTORY | O_CLOEXEC;
    how.resolve = RESOLVE_IN_ROOT;
    folder.reset(
        base ? static_cast<int>(::syscall(SYS_openat2, base.get(), path.c_str(), &how, sizeof how))
             : -1);
    return folder ? 0 : errno;
}

}  // namespace

bool InitMounts::handles(int number) {
    return number == SYS_mount || number == SYS_init_module || number == SYS_finit_module;
}

SyscallReply InitMounts::answer(const SystemCall& call, Tracee& tracee) const {
    using Right = EnclaveRoot::Right;
    if (call.number == SYS_mount)
        return root_.right_of(call.thread, CAP_SYS_ADMIN) == Right::none
                   ? SyscallReply::pass_through()
                   : mount(call, tracee);
    // Not every kernel has modules, as an enclave's does.
    return root_.right_of(call.thread, CAP_SYS_MODULE) == Right::none ? SyscallReply::error(EPERM)
                                                                      : SyscallReply::value(0);
}

SyscallReply InitMounts::mount(const SystemCall& call, Tracee& tracee) const {
    if (!root_.is_beside_first_program(call.thread) || (call.arguments[3] & changing_flags) != 0 ||
        call.arguments[2] == 0)
        return SyscallReply::pass_through();
    const auto type = tracee.read_path(call.arguments[2]);
    const auto path = tracee.read_path(call.arguments[1]);
    if (!type || !path)
        return SyscallReply::pass_through();
    const bool is_cgroup = *type == "cgroup" || *type == "cgroup2";
    const auto kind = kind_of(*type);
    // Upwards from the working directory: the kernel finds its way.
    if ((!kind && !is_cgroup) || (!path->starts_with('/') && path->find("..") != std::string::npos))
        return SyscallReply::pass_through();
    UniqueFd target;
    if (const int error = open_folder(call.thread, *path, target); error != 0)
        return SyscallReply::error(error);
    if (!tracee.is_waiting())  // what was read may be another thread's
        return SyscallReply::pass_through();
    const int error = kind ? show(*kind, target.get()) : 0;
    log_.info("init_mount", "init mounts {} on {}: {}", printable(*type),
              field("target", printable(*path)),
              error != 0  ? "it failed"
              : is_cgroup ? "nothing is mounted, since a sandbox has no cgroups"
                          : "it is the sandbox's own");
    return error == 0 ? SyscallReply::value(0) : SyscallReply::error(error);
}

int InitMounts::show(Kind kind, int target) const {
    return is_there(kind, target) ? 0 : attach_(kind, target);
}

bool InitMounts::is_there(Kind kind, int target) const {
    struct stat status {};
    struct statfs system {};
    if (::fstat(target, &status) != 0 || ::fstatfs(target, &system) != 0)
        return false;
    if (kind == Kind::dev)
        return status.st_dev == dev_.device && status.st_ino == dev_.inode;
    return system.f_type == (kind == Kind::proc ? PROC_SUPER_MAGIC : SYSFS_MAGIC) &&
           status.st_ino == root_inode;
}

}  // namespace glovebox::supervisor
