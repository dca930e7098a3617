// SPDX-License-Identifier: Apache-2.0

#include "transports/socket_file.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <cerrno>

#include "transports/unix_address.h"

namespace glovebox::transports {

// The directory is opened anew because a lock belongs to the open file description, which threads
// and forked children share.
Result<UniqueFd> lock_directory(int directory, const std::string& path) {
    UniqueFd held(::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!held)
        return errno_error(fmt::format("{} can't be locked", path), errno);
    while (::flock(held.get(), LOCK_EX) != 0)
        if (errno != EINTR)
            return errno_error(fmt::format("{} can't be locked", path), errno);
    return held;
}

// connect(2) of a SOCK_DGRAM socket fails with EPROTOTYPE if a live stream socket has the name,
// listening or not, and with ECONNREFUSED otherwise.
Result<bool> is_held(int directory, const std::string& path, const std::string& name) {
    struct stat status {};
    if (::fstatat(directory, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0)
        return false;
    if (!S_ISSOCK(status.st_mode))
        return true;
    const UniqueFd probe(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!probe)
        return errno_error(fmt::format("asking who has {}/{}", path, name), errno);
    const int result = UnixAddress::in_directory(directory, name).connect(probe.get());
    return result != ECONNREFUSED && result != ENOENT;
}

}  // namespace glovebox::transports
