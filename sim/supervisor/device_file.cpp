// SPDX-License-Identifier: Apache-2.0

#include "sim/supervisor/device_file.h"

#include <fcntl.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "sim/supervisor/path_walk.h"

namespace glovebox::supervisor {
namespace {

constexpr int access_mode_ioctl_only = 3;

const char* stand_in(DeviceFile device) {
    return device == DeviceFile::vsock ? "/dev/zero" : "/dev/null";
}

// Documentation/admin-guide/devices.txt
const dev_t null_number = makedev(1, 3);
const dev_t zero_number = makedev(1, 5);

// As open(2) was given them, of a descriptor that /proc/PID/fd/N leads to.
std::optional<int> flags_of_link(const PathEnd& link) {
    const UniqueFd file(
        ::openat(link.folder.get(), ("../fdinfo/" + link.name).c_str(), O_RDONLY | O_CLOEXEC));
    std::array<char, 128> text{};
    const ssize_t bytes = file ? ::read(file.get(), text.data(), text.size() - 1) : -1;
    const char* const flags = bytes > 0 ? std::strstr(text.data(), "flags:") : nullptr;
    if (flags == nullptr)
        return std::nullopt;
    constexpr int octal = 8;
    return static_cast<int>(std::strtoul(flags + std::strlen("flags:"), nullptr, octal));
}

std::optional<DeviceFile> device_with(int flags, const struct stat& status) {
    if ((flags & O_ACCMODE) != access_mode_ioctl_only || (flags & O_PATH) != 0 ||
        !S_ISCHR(status.st_mode))
        return std::nullopt;
    if (status.st_rdev == null_number)
        return DeviceFile::nsm;
    if (status.st_rdev == zero_number)
        return DeviceFile::vsock;
    return std::nullopt;
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

DeviceFolder DeviceFolder::at(const std::string& path, bool has_nodes) {
    struct stat status {};
    ::stat(path.c_str(), &status);
    return {status.st_dev, status.st_ino, has_nodes};
}

std::optional<DeviceFile> device_at(const DeviceFolder& dev, pid_t thread, int directory,
                                    const std::string& path, bool follows_last) {
    if (path == "/dev/glovebox")
        return DeviceFile::glovebox;
    const auto end = walk_path(thread, directory, path, follows_last);
    struct stat status {};
    if (!end)
        return std::nullopt;
    if (end->is_file_link) {
        const auto flags = flags_of_link(*end);
        return flags && ::fstatat(end->folder.get(), end->name.c_str(), &status, 0) == 0
                   ? device_with(*flags, status)
                   : std::nullopt;
    }
    const auto device = device_named(end->name);
    const bool is_here = device && ::fstat(end->folder.get(), &status) == 0 &&
                         status.st_dev == dev.device && status.st_ino == dev.inode;
    return is_here ? device : std::nullopt;
}

OrErrno<UniqueFd> open_device(DeviceFile device, int flags) {
    if ((flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL))
        return Errno{EEXIST};
    if ((flags & O_DIRECTORY) != 0)
        return Errno{ENOTDIR};
    UniqueFd fd(::open(stand_in(device),
                       access_mode_ioctl_only | (flags & O_NONBLOCK) | O_CLOEXEC | O_NOCTTY));
    if (!fd)
        return Errno{errno};
    return fd;
}

std::optional<DeviceFile> device_of(int fd) {
    const int flags = ::fcntl(fd, F_GETFL);
    struct stat status {};
    if (flags < 0 || ::fstat(fd, &status) != 0)
        return std::nullopt;
    return device_with(flags, status);
}

bool may_be_node(int fd) {
    struct stat status {};
    return ::fstat(fd, &status) == 0 && S_ISCHR(status.st_mode) && status.st_rdev == null_number;
}

bool is_real_vsock(int fd) {
    struct stat status {};
    struct stat real {};
    return ::fstat(fd, &status) == 0 && S_ISCHR(status.st_mode) &&
           ::stat("/dev/vsock", &real) == 0 && S_ISCHR(real.st_mode) &&
           status.st_rdev == real.st_rdev;
}

OrErrno<struct stat> stat_device(DeviceFile device) {
    struct stat status {};
    if (::stat(stand_in(device), &status) != 0)
        return Errno{errno};
    status.st_mode = S_IFCHR | 0666;
    return status;
}

}  // namespace glovebox::supervisor
