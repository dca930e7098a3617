// The device files that a program sees and that aren't there.
//
// What open() gives the program for one of them is /dev/null or /dev/zero, opened with access mode
// 3: neither for reading nor for writing, which Linux allows for ioctl alone (open(2), NOTES). So
// fstat says character device, read and write fail, and since nobody else opens these two so, the
// mode is the mark by which the descriptor is known again, whoever has it by then.
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

// The device that a path may name, by its last component alone; most paths name none.
[[nodiscard]] std::optional<DeviceFile> device_named(std::string_view path);

// Whether the folder of `path` (all but its last component) is the /dev that `thread` sees, when it
// is resolved as openat(directory, path) resolves it.
[[nodiscard]] bool is_in_dev(pid_t thread, int directory, const std::string& path);

// A descriptor for the program. `flags` are open(2)'s. Not for DeviceFile::glovebox.
[[nodiscard]] OrErrno<UniqueFd> open_device(DeviceFile device, int flags);

// Which device a descriptor is that open_device() gave.
[[nodiscard]] std::optional<DeviceFile> device_of(int fd);

// What stat(2) says of the device: as of the descriptor, mode 0666.
[[nodiscard]] OrErrno<struct stat> stat_device(DeviceFile device);

}  // namespace glovebox::supervisor
