#include "sim/supervisor/device_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cerrno>

namespace glovebox::supervisor {
namespace {

constexpr int access_mode_ioctl_only = 3;
constexpr std::string_view proc_self = "/proc/self/";

const char* stand_in(DeviceFile device) {
    return device == DeviceFile::vsock ? "/dev/zero" : "/dev/null";
}

UniqueFd open_folder(int directory, const std::string& path, std::uint64_t resolve) {
    open_how how{};
    how.flags = O_PATH | O_DIRECTORY | O_CLOEXEC;
    how.resolve = resolve;
    return UniqueFd(static_cast<int>(
        ::syscall(SYS_openat2, directory, path.empty() ? "." : path.c_str(), &how, sizeof how)));
}

bool is_same_file(int one, int other) {
    struct stat of_one {};
    struct stat of_other {};
    return ::fstat(one, &of_one) == 0 && ::fstat(other, &of_other) == 0 &&
           of_one.st_dev == of_other.st_dev && of_one.st_ino == of_other.st_ino;
}

}  // namespace

std::optional<DeviceFile> device_named(std::string_view path) {
    const std::string_view name = path.substr(path.rfind('/') + 1);
    if (name == "nsm")
        return DeviceFile::nsm;
    if (name == "vsock")
        return DeviceFile::vsock;
    if (name == "glovebox")
        return DeviceFile::glovebox;
    return std::nullopt;
}

bool is_in_dev(pid_t thread, int directory, const std::string& path) {
    const std::size_t slash = path.rfind('/');
    const std::string folder = slash == std::string::npos ? "" : path.substr(0, slash + 1);
    if (folder == "/dev/")
        return true;
    const UniqueFd root = open_folder(AT_FDCWD, fmt::format("/proc/{}/root", thread), 0);
    const UniqueFd dev = open_folder(root.get(), "dev", RESOLVE_IN_ROOT);
    UniqueFd found;
    if (!folder.starts_with('/')) {
        const std::string start = directory == AT_FDCWD
                                      ? fmt::format("/proc/{}/cwd", thread)
                                      : fmt::format("/proc/{}/fd/{}", thread, directory);
        found = open_folder(open_folder(AT_FDCWD, start, 0).get(), folder, 0);
    } else if (folder.starts_with(proc_self)) {
        // Its own, not the supervisor's.
        found = open_folder(AT_FDCWD,
                            fmt::format("/proc/{}/{}", thread, folder.substr(proc_self.size())), 0);
    } else {
        found = open_folder(root.get(), folder, RESOLVE_IN_ROOT);
    }
    return is_same_file(dev.get(), found.get());
}

OrErrno<UniqueFd> open_device(DeviceFile device, int flags) {
    if ((flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL))
        return Errno{EEXIST};
    if ((flags & O_DIRECTORY) != 0)
        return Errno{ENOTDIR};
    const int kept = flags & (O_PATH | O_NONBLOCK);
    UniqueFd fd(::open(stand_in(device), access_mode_ioctl_only | kept | O_CLOEXEC | O_NOCTTY));
    if (!fd)
        return Errno{errno};
    return fd;
}

std::optional<DeviceFile> device_of(int fd) {
    const int flags = ::fcntl(fd, F_GETFL);
    struct stat status {};
    if (flags < 0 || (flags & O_ACCMODE) != access_mode_ioctl_only || (flags & O_PATH) != 0 ||
        ::fstat(fd, &status) != 0 || !S_ISCHR(status.st_mode))
        return std::nullopt;
    // Documentation/admin-guide/devices.txt: 1:3 is null, 1:5 is zero.
    if (status.st_rdev == makedev(1, 3))
        return DeviceFile::nsm;
    if (status.st_rdev == makedev(1, 5))
        return DeviceFile::vsock;
    return std::nullopt;
}

OrErrno<struct stat> stat_device(DeviceFile device) {
    struct stat status {};
    if (::stat(stand_in(device), &status) != 0)
        return Errno{errno};
    status.st_mode = S_IFCHR | 0666;
    return status;
}

}  // namespace glovebox::supervisor
