// SPDX-License-Identifier: Apache-2.0

#include "sim/supervisor/node_calls.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/capability.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>

#include "core/base/unique_fd.h"
#include "sim/supervisor/namespace_visit.h"
#include "sim/supervisor/path_walk.h"
#include "sim/supervisor/thread_status.h"

namespace glovebox::supervisor {
namespace {

// The devices that a sandbox has (Documentation/admin-guide/devices.txt).
struct Device {
    unsigned major_number;
    unsigned minor_number;
    const char* path;
};
constexpr std::array devices{Device{1, 3, "/dev/null"},    Device{1, 5, "/dev/zero"},
                             Device{1, 7, "/dev/full"},    Device{1, 8, "/dev/random"},
                             Device{1, 9, "/dev/urandom"}, Device{1, 11, "/dev/kmsg"},
                             Device{5, 0, "/dev/tty"},     Device{10, 200, "/dev/net/tun"}};

const char* device_path(dev_t number) {
    for (const Device& device : devices)
        if (number == makedev(device.major_number, device.minor_number))
            return device.path;
    return nullptr;
}

// <linux/mount.h> and glibc 2.36's <sys/mount.h> can't be included together.
constexpr unsigned open_tree_clone = 1;             // OPEN_TREE_CLONE
constexpr unsigned move_mount_f_empty_path = 0x4;   // MOVE_MOUNT_F_EMPTY_PATH
constexpr unsigned move_mount_t_empty_path = 0x40;  // MOVE_MOUNT_T_EMPTY_PATH

// Where the calls that change a node's mode or owner have their file.
struct NodeCall {
    int directory = -1;  // index of the argument; -1: none
    int path = -1;       // -1: the descriptor in `directory`
    int at_flags = -1;   // index of the argument; -1: links are followed, -2: never
};
std::optional<NodeCall> node_call(int number) {
    switch (number) {
#ifdef SYS_chmod  // aarch64 has none of these
        case SYS_chmod:
        case SYS_chown:
            return NodeCall{-1, 0, -1};
        case SYS_lchown:
            return NodeCall{-1, 0, -2};
#endif
        case SYS_fchmod:
        case SYS_fchown:
            return NodeCall{0, -1, -1};
        case SYS_fchmodat:
            return NodeCall{0, 1, -1};
        case call_fchmodat2:
            return NodeCall{0, 1, 3};
        case SYS_fchownat:
            return NodeCall{0, 1, 4};
        default:
            return std::nullopt;
    }
}

// The file that the call names; nothing for the most.
UniqueFd open_node(const SystemCall& call, const NodeCall& where, Tracee& tracee) {
    const int directory = where.directory < 0
                              ? AT_FDCWD
                              : call.int_argument(static_cast<std::size_t>(where.directory));
    if (where.path < 0) {
        auto descriptor = tracee.descriptor(directory);
        return descriptor ? std::move(*descriptor) : UniqueFd();
    }
    const auto path = tracee.read_path(call.arguments[static_cast<std::size_t>(where.path)]);
    const int flags =
        where.at_flags < 0 ? 0 : call.int_argument(static_cast<std::size_t>(where.at_flags));
    if (!path || (path->empty() && (flags & AT_EMPTY_PATH) == 0))
        return UniqueFd();
    if (path->empty()) {
        auto descriptor = tracee.descriptor(directory);
        return descriptor ? std::move(*descriptor) : UniqueFd();
    }
    const bool follows = where.at_flags != -2 && (flags & AT_SYMLINK_NOFOLLOW) == 0;
    return open_path_end(call.thread, directory, *path, follows);
}

struct NewNode {
    int directory;
    const char* path;
    mode_t mode;
    const char* device;
};

// In the program's place: only system calls.
int make_node(const void* context) {
    const NewNode& node = *static_cast<const NewNode*>(context);
    const int tree = static_cast<int>(
        ::syscall(SYS_open_tree, AT_FDCWD, node.device, open_tree_clone | O_CLOEXEC));
    if (tree < 0)
        return errno == ENOENT ? EPERM : errno;
    const int file = ::openat(node.directory, node.path,
                              O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, node.mode);
    if (file < 0)
        return errno;
    if (::syscall(SYS_move_mount, tree, "", file, "",
                  move_mount_f_empty_path | move_mount_t_empty_path) == 0)
        return 0;
    const int error = errno;
    ::unlinkat(node.directory, node.path, 0);
    return error;
}

struct NewProc {
    const char* source;
    const char* target;
    unsigned long flags;
    const char* data;
};

int mount_proc(const void* context) {
    const NewProc& proc = *static_cast<const NewProc*>(context);
    return ::mount(proc.source, proc.target, "proc", proc.flags | MS_RDONLY, proc.data) == 0
               ? 0
               : errno;
}

SyscallReply outcome_of(int error) {
    return error == 0 ? SyscallReply::value(0) : SyscallReply::error(error);
}

}  // namespace

bool NodeCalls::handles(int number) {
    return node_call(number).has_value() || number == SYS_mount || number == SYS_mknodat
#ifdef SYS_mknod
           || number == SYS_mknod
#endif
        ;
}

std::optional<SyscallReply> NodeCalls::answer(const SystemCall& call, Tracee& tracee) {
    if (call.number == SYS_mount)
        return mount(call, tracee);
    return node_call(call.number) ? change(call, tracee) : make(call, tracee);
}

std::optional<SyscallReply> NodeCalls::make(const SystemCall& call, Tracee& tracee) {
    const bool has_folder = call.number == SYS_mknodat;
    const std::size_t first = has_folder ? 1 : 0;
    const auto mode = static_cast<mode_t>(call.int_argument(first + 1));
    const auto number = static_cast<std::uint32_t>(call.arguments[first + 2]);
    // The kernel's encoding of a number (new_encode_dev); glibc's dev_t has the same low half.
    const dev_t device = number;
    if ((!S_ISCHR(mode) && !S_ISBLK(mode)) || device == 0 ||
        root_.right_of(call.thread, CAP_MKNOD) != EnclaveRoot::Right::shown)
        return std::nullopt;
    const char* const node = S_ISCHR(mode) ? device_path(device) : nullptr;
    const auto path = tracee.read_path(call.arguments[first]);
    if (!path || node == nullptr) {
        notices_.tell(LogLevel::warning, fmt::format("mknod {}", device), "root_call",
                      "the program makes a {} device {}:{}, as an enclave's root may; a sandbox "
                      "has only null, zero, full, random, urandom, tty, kmsg and net/tun, so the "
                      "call fails here with EPERM",
                      S_ISCHR(mode) ? "character" : "block", major(device), minor(device));
        return std::nullopt;
    }
    const int folder = has_folder ? call.int_argument(0) : AT_FDCWD;
    UniqueFd directory;
    if (folder != AT_FDCWD && !path->starts_with('/')) {
        auto descriptor = tracee.descriptor(folder);
        if (!descriptor)
            return SyscallReply::error(to_int(descriptor.error()));
        directory = std::move(*descriptor);
    }
    const auto visit = NamespaceVisit::prepare(call.thread, NamespaceVisit::Processes::supervisors);
    if (!visit || !tracee.is_waiting())
        return std::nullopt;
    constexpr mode_t permissions = 07777;
    const NewNode made{directory ? directory.get() : AT_FDCWD, path->c_str(), mode & permissions,
                       node};
    const int error = visit->run(make_node, &made);
    if (error == 0)
        notices_.tell(LogLevel::info, "mknod", "root_call",
                      "the program makes a device {}, as an enclave's root may: it is the "
                      "sandbox's own {}, bound there, so it can be unmounted and not be removed",
                      *path, node);
    return outcome_of(error);
}

std::optional<SyscallReply> NodeCalls::change(const SystemCall& call, Tracee& tracee) {
    const UniqueFd node = open_node(call, *node_call(call.number), tracee);
    struct stat status {};
    struct statvfs file_system {};
    if (!node || ::fstat(node.get(), &status) != 0 || !S_ISCHR(status.st_mode) ||
        ::fstatvfs(node.get(), &file_system) != 0)
        return std::nullopt;
    const auto caller = read_thread_status(call.thread);
    if (!caller || !root_.is_root(call.thread, *caller) ||
        ((file_system.f_flag & ST_RDONLY) == 0 && status.st_uid == caller->users.effective))
        return std::nullopt;  // a node of the enclave's own
    notices_.tell(
        LogLevel::info, "node", "root_call",
        "the program changes the mode or the owner of a device's node, as an enclave's "
        "root may, and the call succeeds; the node is this machine's, and stays as it is");
    return SyscallReply::value(0);
}

std::optional<SyscallReply> NodeCalls::mount(const SystemCall& call, Tracee& tracee) {
    constexpr unsigned long others = MS_RDONLY | MS_REMOUNT | MS_BIND | MS_MOVE | MS_SHARED |
                                     MS_PRIVATE | MS_SLAVE | MS_UNBINDABLE;
    if (::geteuid() != 0 || (call.arguments[3] & others) != 0)
        return std::nullopt;
    const auto type = tracee.read_path(call.arguments[2]);
    const auto status = read_thread_status(call.thread);
    if (!type || *type != "proc" || !status || !status->has_capability(CAP_SYS_ADMIN))
        return std::nullopt;
    const auto source = tracee.read_path(call.arguments[0]);
    const auto target = tracee.read_path(call.arguments[1]);
    const auto data = tracee.read_path(call.arguments[4]);
    // A procfs shows the processes of the namespace in which it is mounted.
    const auto visit = NamespaceVisit::prepare(call.thread, NamespaceVisit::Processes::threads);
    if (!target || !visit || !tracee.is_waiting())
        return std::nullopt;
    const NewProc proc{source ? source->c_str() : "proc", target->c_str(), call.arguments[3],
                       data ? data->c_str() : nullptr};
    const int error = visit->run(mount_proc, &proc);
    if (error == 0)
        notices_.tell(LogLevel::info, "proc", "root_call",
                      "the program mounts a procfs, which is read-only here: the sandbox's root is "
                      "this machine's, and procfs would let it change the machine");
    return outcome_of(error);
}

}  // namespace glovebox::supervisor
