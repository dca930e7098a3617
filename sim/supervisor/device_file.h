// SPDX-License-Identifier: Apache-2.0

// The device files that a program sees although this machine does not have them.
//
// What open() gives the program for one of them is /dev/null or /dev/zero, opened with access mode
// 3: neither for reading nor for writing, which Linux allows for ioctl alone (open(2), NOTES). So
// fstat reports a character device, and read and write fail. Other programs do not open these two
// with this mode, so it marks the descriptor, in whichever process it is.
#pragma once

#include <sys/stat.h>

#include <optional>
#include <string>
#include <string_view>

#include "core/base/unique_fd.h"
#include "sim/supervisor/errno_result.h"

namespace glovebox::supervisor {

enum class DeviceFile {
    nsm,       // /dev/nsm, in an enclave
    vsock,     // /dev/vsock
    glovebox,  // /dev/glovebox: the way to the supervisor itself (control_door.h)
};

// The device that a path may name, judged only by its last component; empty for most paths.
[[nodiscard]] std::optional<DeviceFile> device_named(std::string_view path);

// The folder that the devices are in: /dev as it was when the tree began. Another /dev, of a chroot
// or a mount namespace, does not have them unless it is the same folder.
struct DeviceFolder {
    dev_t device = 0;
    ino_t inode = 0;
    // A sandbox's: it has a /dev/null by each device's name. So the kernel itself follows links and
    // mounts to them, and what it opens then is a /dev/null.
    bool has_nodes = false;

    [[nodiscard]] static DeviceFolder at(const std::string& path, bool has_nodes);
};

// The device that openat(directory, path) of `thread` leads to: by its name in that folder, however
// the path is spelled and through whatever links, or by a descriptor that is opened anew through
// procfs. A link at the very end is followed when `follows_last`. DeviceFile::glovebox is found by
// its path alone, from any root.
[[nodiscard]] std::optional<DeviceFile> device_at(const DeviceFolder& dev, pid_t thread,
                                                  int directory, const std::string& path,
                                                  bool follows_last);

// A descriptor for the program. `flags` are open(2)'s. Not for DeviceFile::glovebox. With O_PATH
// too it can be asked by ioctl: the kernel hands no descriptor that was opened with it to another
// process by a notification (fget in seccomp.c), and such a one would not be known again.
[[nodiscard]] OrErrno<UniqueFd> open_device(DeviceFile device, int flags);

// Which device a descriptor is that open_device() gave.
[[nodiscard]] std::optional<DeviceFile> device_of(int fd);

// Whether the kernel may have opened a descriptor by way of a sandbox's node: it is a /dev/null. No
// other program has a reason to call our devices' ioctls on one.
[[nodiscard]] bool may_be_node(int fd);
// Whether a descriptor is this machine's own /dev/vsock.
[[nodiscard]] bool is_real_vsock(int fd);

// What stat(2) says of the device: as of the descriptor, mode 0666.
[[nodiscard]] OrErrno<struct stat> stat_device(DeviceFile device);

}  // namespace glovebox::supervisor
