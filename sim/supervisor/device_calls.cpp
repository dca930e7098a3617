// SPDX-License-Identifier: Apache-2.0

#include "sim/supervisor/device_calls.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <linux/sockios.h>
#include <linux/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cerrno>
#include <optional>

#include "sim/supervisor/ioctl_numbers.h"
#include "sim/supervisor/path_walk.h"
#include "sim/supervisor/socket_mark.h"

namespace glovebox::supervisor {
namespace {

// Where the calls that take a path have it, and the flags of an open or the mode of an access.
struct PathCall {
    enum Kind { open, create, open_how, stat, statx, access, xattr } kind;
    int directory = -1;  // index of the argument; -1 for the working directory
    std::size_t path = 0;
    std::size_t detail = 0;  // flags, open_how, the struct to fill, or the access mode
    // AT_SYMLINK_NOFOLLOW: index of the argument; -1 for a call that always follows a link at the
    // end, -2 for one that never does.
    int at_flags = -1;
};
constexpr int never_follows = -2;

std::optional<PathCall> path_call(int number) {
    switch (number) {
#ifdef SYS_open  // aarch64 has none of these
        case SYS_open:
            return PathCall{PathCall::open, -1, 0, 1};
        case SYS_creat:
            return PathCall{PathCall::create, -1, 0, 1};
        case SYS_stat:
            return PathCall{PathCall::stat, -1, 0, 1};
        case SYS_lstat:
            return PathCall{PathCall::stat, -1, 0, 1, never_follows};
        case SYS_access:
            return PathCall{PathCall::access, -1, 0, 1};
#endif
        case SYS_openat:
            return PathCall{PathCall::open, 0, 1, 2};
        case SYS_openat2:
            return PathCall{PathCall::open_how, 0, 1, 2};
        case SYS_newfstatat:
            return PathCall{PathCall::stat, 0, 1, 2, 3};
        case SYS_statx:
            return PathCall{PathCall::statx, 0, 1, 4, 2};
        case SYS_faccessat:
            return PathCall{PathCall::access, 0, 1, 2};
        case SYS_faccessat2:
            return PathCall{PathCall::access, 0, 1, 2, 3};
        case SYS_getxattr:
            return PathCall{PathCall::xattr, -1, 0, 1};
        case SYS_lgetxattr:
            return PathCall{PathCall::xattr, -1, 0, 1, never_follows};
        default:
            return std::nullopt;
    }
}

// After these a thread's root, or what is mounted there, may be another.
bool changes_view(int number) {
    return number == SYS_chroot || number == SYS_pivot_root || number == SYS_setns ||
           number == SYS_unshare;
}

// /proc/self/root/..., /dev/fd/3: where this process would see its own.
bool may_name_itself(std::string_view path) {
    const std::size_t slash = path.rfind('/');
    if (path.find("self/") != std::string_view::npos)
        return true;
    return slash != std::string_view::npos && path.substr(0, slash).ends_with("fd") &&
           path.find_first_not_of("0123456789", slash + 1) == std::string_view::npos;
}

struct statx to_statx(const struct stat& status) {
    struct statx extended {};
    extended.stx_mask = STATX_BASIC_STATS;
    extended.stx_blksize = static_cast<std::uint32_t>(status.st_blksize);
    extended.stx_nlink = static_cast<std::uint32_t>(status.st_nlink);
    extended.stx_uid = status.st_uid;
    extended.stx_gid = status.st_gid;
    extended.stx_mode = static_cast<std::uint16_t>(status.st_mode);
    extended.stx_ino = status.st_ino;
    extended.stx_atime.tv_sec = status.st_atim.tv_sec;
    extended.stx_mtime.tv_sec = status.st_mtim.tv_sec;
    extended.stx_ctime.tv_sec = status.st_ctim.tv_sec;
    extended.stx_rdev_major = major(status.st_rdev);
    extended.stx_rdev_minor = minor(status.st_rdev);
    extended.stx_dev_major = major(status.st_dev);
    extended.stx_dev_minor = minor(status.st_dev);
    return extended;
}

// What net/socket.c answers before it asks the socket's family. Of the others a vsock has none.
bool is_of_every_socket(std::uint32_t number) {
    constexpr std::uint32_t families = 0xff00;
    constexpr std::uint32_t wireless = 0x8b00;
    constexpr std::uint32_t skb_namespace = 0x894c;  // SIOCGSKNS
    switch (number) {
        case FIOSETOWN:
        case SIOCSPGRP:
        case FIOGETOWN:
        case SIOCGPGRP:
        case SIOCGSTAMP_OLD:
        case SIOCGSTAMPNS_OLD:
        case SIOCGIFCONF:
        case SIOCGIFBR:
        case SIOCSIFBR:
        case SIOCBRADDBR:
        case SIOCBRDELBR:
        case SIOCGIFVLAN:
        case SIOCSIFVLAN:
        case skb_namespace:
            return true;
        default:
            return (number & families) == wireless;
    }
}

}  // namespace

bool DeviceCalls::handles(int number) {
    return number == SYS_ioctl || changes_view(number) || path_call(number).has_value();
}

std::optional<std::size_t> DeviceCalls::path_argument(int number) {
    const auto how = path_call(number);
    return how ? std::optional(how->path) : std::nullopt;
}

SyscallReply DeviceCalls::answer(const SystemCall& call, Tracee& tracee) {
    if (call.number == SYS_ioctl)
        return ioctl(call, tracee);
    const auto how = path_call(call.number);
    if (!how) {
        shares_root_ = false;
        return SyscallReply::pass_through();
    }
    auto path = tracee.read_path(call.arguments[how->path]);
    if (!path)
        return SyscallReply::pass_through();
    const int directory =
        how->directory < 0 ? AT_FDCWD : call.int_argument(static_cast<std::size_t>(how->directory));
    int flags = call.int_argument(how->detail);
    bool follows_last = how->at_flags == -1;
    if (how->at_flags >= 0)
        follows_last =
            (call.int_argument(static_cast<std::size_t>(how->at_flags)) & AT_SYMLINK_NOFOLLOW) == 0;
    if (how->kind == PathCall::create)
        flags = O_CREAT | O_WRONLY | O_TRUNC;
    if (how->kind == PathCall::open_how) {
        const auto given = tracee.read_value<open_how>(call.arguments[how->detail]);
        if (!given)
            return SyscallReply::pass_through();
        flags = static_cast<int>(given->flags);
        if ((given->resolve & RESOLVE_IN_ROOT) != 0)
            path->erase(0, path->find_first_not_of('/'));
    }
    const bool opens = how->kind == PathCall::open || how->kind == PathCall::create ||
                       how->kind == PathCall::open_how;
    const auto setting =
        settings_ != nullptr ? KernelSettings::named_by(*path) : std::optional<std::string>();
    if (setting && tracee.is_waiting()) {
        auto reply = opens ? settings_->open(call.thread, *setting, flags)
                     : how->kind == PathCall::access
                         ? settings_->access(call.thread, *setting, call.int_argument(how->detail))
                         : std::nullopt;
        return reply ? std::move(*reply) : SyscallReply::pass_through();
    }
    if (opens)
        follows_last = (flags & O_NOFOLLOW) == 0;
    const auto device = find(call, directory, *path, follows_last);
    if (!device || !exists(*device) || !tracee.is_waiting())
        return SyscallReply::pass_through();
    if (opens)
        return open(*device, call, flags);
    if (*device == DeviceFile::glovebox)
        return SyscallReply::pass_through();
    if (how->kind == PathCall::access)
        return (call.int_argument(how->detail) & X_OK) != 0 ? SyscallReply::error(EACCES)
                                                            : SyscallReply::value(0);
    if (how->kind == PathCall::xattr)
        return SyscallReply::error(ENODATA);  // ls -l asks
    const auto status = stat_device(*device);
    if (!status)
        return SyscallReply::error(to_int(status.error()));
    if (how->kind == PathCall::statx)
        return give(tracee, call.arguments[how->detail], to_statx(*status));
    return give(tracee, call.arguments[how->detail], *status);
}

std::optional<DeviceFile> DeviceCalls::find(const SystemCall& call, int directory,
                                            const std::string& path, bool follows_last) {
    // A program of the tree may be about to serve a file system: looking at a link of it, we would
    // wait for a program that itself waits for us.
    if (path.ends_with("/fuse"))
        looks_at_links_ = false;
    if (!may_concern_us(call, directory, path, follows_last))
        return std::nullopt;
    return device_at(dev_, call.thread, directory, path, follows_last);
}

bool DeviceCalls::may_concern_us(const SystemCall& call, int directory, const std::string& path,
                                 bool follows_last) const {
    std::string spelled = path;
    for (int links = 0; links < links_max; ++links) {
        if (device_named(spelled) || may_name_itself(spelled))
            return true;
        const auto text = looks_at_links_ && follows_last
                              ? link_at_end(call.thread, directory, spelled, shares_root_)
                              : std::nullopt;
        if (!text)
            return false;
        const std::size_t folder_bytes = text->starts_with('/') ? 0 : spelled.rfind('/') + 1;
        spelled.replace(folder_bytes, std::string::npos, *text);
    }
    return false;
}

bool DeviceCalls::exists(DeviceFile device) const {
    switch (device) {
        case DeviceFile::nsm:
            return nsm_ != nullptr;
        case DeviceFile::glovebox:
            return control_door_ != nullptr;
        default:
            return true;
    }
}

SyscallReply DeviceCalls::open(DeviceFile device, const SystemCall& call, int flags) {
    if ((flags & O_PATH) != 0 && dev_.has_nodes && device != DeviceFile::glovebox)
        return SyscallReply::pass_through();  // the node itself
    auto opened =
        device == DeviceFile::glovebox ? control_door_(call.thread) : open_device(device, flags);
    if (!opened)
        return SyscallReply::error(to_int(opened.error()));
    return SyscallReply::install(std::move(*opened), (flags & O_CLOEXEC) != 0);
}

// ioctl(fd, number, argument). A number without a handler is EINVAL on /dev/nsm, as in the
// driver, EOPNOTSUPP on a vsock socket, which has none, and the kernel's own affair
// elsewhere.
SyscallReply DeviceCalls::ioctl(const SystemCall& call, Tracee& tracee) {
    const auto number = static_cast<std::uint32_t>(call.arguments[1]);
    const bool asks_nsm = number == ioctl_nsm_raw && nsm_ != nullptr;
    if (asks_nsm && last_nsm_ && tracee.is_same_file(call.int_argument(0), last_nsm_.get()))
        return nsm_->answer(call, tracee);
    auto fd = tracee.descriptor(call.int_argument(0));
    if (!fd)
        return SyscallReply::pass_through();
    const auto device = device_of(fd->get());
    if (!is_of_every_socket(number) && read_mark(fd->get()))
        return SyscallReply::error(EOPNOTSUPP);
    // Opened by the kernel, which found a node of a sandbox, or by a second name of this machine's.
    const bool is_node = !device && dev_.has_nodes && may_be_node(fd->get());
    if (number == ioctl_get_local_cid &&
        (device == DeviceFile::vsock || is_node || is_real_vsock(fd->get())))
        return give(tracee, call.arguments[2], own_);
    const bool is_nsm = device == DeviceFile::nsm && nsm_ != nullptr;
    if (asks_nsm && (is_nsm || is_node)) {
        last_nsm_ = std::move(*fd);
        return nsm_->answer(call, tracee);
    }
    return is_nsm ? SyscallReply::error(EINVAL) : SyscallReply::pass_through();
}

}  // namespace glovebox::supervisor
