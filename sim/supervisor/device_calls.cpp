#include "sim/supervisor/device_calls.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <linux/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cerrno>
#include <optional>

#include "sim/supervisor/ioctl_numbers.h"
#include "sim/supervisor/socket_mark.h"

namespace glovebox::supervisor {
namespace {

// Where the calls that take a path have it, and the flags of an open or the mode of an access.
struct PathCall {
    enum Kind { open, open_how, stat, statx, access, xattr } kind;
    int directory = -1;  // index of the argument; -1 for the working directory
    std::size_t path = 0;
    std::size_t detail = 0;  // flags, open_how, the struct to fill, or the access mode
};

std::optional<PathCall> path_call(int number) {
    switch (number) {
#ifdef SYS_open  // aarch64 has none of these
        case SYS_open:
            return PathCall{PathCall::open, -1, 0, 1};
        case SYS_stat:
        case SYS_lstat:
            return PathCall{PathCall::stat, -1, 0, 1};
        case SYS_access:
            return PathCall{PathCall::access, -1, 0, 1};
#endif
        case SYS_openat:
            return PathCall{PathCall::open, 0, 1, 2};
        case SYS_openat2:
            return PathCall{PathCall::open_how, 0, 1, 2};
        case SYS_newfstatat:
            return PathCall{PathCall::stat, 0, 1, 2};
        case SYS_statx:
            return PathCall{PathCall::statx, 0, 1, 4};
        case SYS_faccessat:
        case SYS_faccessat2:
            return PathCall{PathCall::access, 0, 1, 2};
        case SYS_getxattr:
        case SYS_lgetxattr:
            return PathCall{PathCall::xattr, -1, 0, 1};
        default:
            return std::nullopt;
    }
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

// What net/socket.c answers itself, for sockets of every family.
bool is_of_every_socket(std::uint32_t number) {
    return (number & 0xff00u) == 0x8900u || (number & 0xff00u) == 0x8b00u;
}

template <class Struct>
SyscallReply give(Tracee& tracee, std::uint64_t address, const Struct& value) {
    const int error = tracee.write_value(address, value);
    return error == 0 ? SyscallReply::value(0) : SyscallReply::error(error);
}

}  // namespace

bool DeviceCalls::handles(int number) {
    return number == SYS_ioctl || path_call(number).has_value();
}

std::optional<std::size_t> DeviceCalls::path_argument(int number) {
    const auto how = path_call(number);
    return how ? std::optional(how->path) : std::nullopt;
}

SyscallReply DeviceCalls::answer(const SystemCall& call, Tracee& tracee) {
    if (call.number == SYS_ioctl)
        return ioctl(call, tracee);
    const auto how = path_call(call.number);
    const auto path = tracee.read_path(call.arguments[how->path]);
    const auto device = path ? device_named(*path) : std::nullopt;
    const int directory =
        how->directory < 0 ? AT_FDCWD : call.int_argument(static_cast<std::size_t>(how->directory));
    if (!device || !exists(*device) || !is_in_dev(call.thread, directory, *path) ||
        !tracee.is_waiting())
        return SyscallReply::pass_through();
    if (how->kind == PathCall::open)
        return open(*device, call, call.int_argument(how->detail));
    if (how->kind == PathCall::open_how) {
        const auto given = tracee.read_value<open_how>(call.arguments[how->detail]);
        return given ? open(*device, call, static_cast<int>(given->flags))
                     : SyscallReply::error(to_int(given.error()));
    }
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
    auto opened =
        device == DeviceFile::glovebox ? control_door_(call.thread) : open_device(device, flags);
    if (!opened)
        return SyscallReply::error(to_int(opened.error()));
    return SyscallReply::install(std::move(*opened), (flags & O_CLOEXEC) != 0);
}

// ioctl(fd, number, argument). One that no handler of ours knows is EINVAL on /dev/nsm, as the
// driver has it, EOPNOTSUPP on a vsock socket, which has none, and the kernel's own affair
// elsewhere.
SyscallReply DeviceCalls::ioctl(const SystemCall& call, Tracee& tracee) {
    const auto fd = tracee.descriptor(call.int_argument(0));
    const auto device = fd ? device_of(fd->get()) : std::nullopt;
    const auto number = static_cast<std::uint32_t>(call.arguments[1]);
    if (fd && !is_of_every_socket(number) && read_mark(fd->get()))
        return SyscallReply::error(EOPNOTSUPP);
    if (device == DeviceFile::vsock && number == ioctl_get_local_cid)
        return give(tracee, call.arguments[2], own_);
    if (device != DeviceFile::nsm || nsm_ == nullptr)
        return SyscallReply::pass_through();
    return number == ioctl_nsm_raw ? nsm_->answer(call, tracee) : SyscallReply::error(EINVAL);
}

}  // namespace glovebox::supervisor
