// SPDX-License-Identifier: Apache-2.0

#include "core/base/private_directory.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace glovebox {
namespace {

constexpr mode_t private_mode = 0700;
constexpr mode_t others_bits = 0077;

}  // namespace

Result<UniqueFd> open_private_directory(const std::string& path) {
    // With a slash, or "/.", behind it a link would be followed in spite of O_NOFOLLOW.
    std::string name = path;
    while (name.size() > 1 && name.back() == '/')
        name.pop_back();
    const std::string last = name.substr(name.rfind('/') + 1);
    if (last.empty() || last == "." || last == "..")
        return system_error(EINVAL,
                            fmt::format("\"{}\" does not name a directory by its last component: "
                                        "write its whole path, for example /tmp/my-world",
                                        path));

    if (::mkdir(name.c_str(), private_mode) != 0 && errno != EEXIST)
        return errno_error(fmt::format("directory {} can't be made", name), errno);

    UniqueFd directory(::open(name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!directory) {
        if (errno == ENOTDIR || errno == ELOOP)
            return system_error(
                ENOTDIR, fmt::format("{} is a symbolic link or no directory; a directory of your "
                                     "own was expected: remove it, or choose another name",
                                     name));
        return errno_error(fmt::format("directory {} can't be opened", name), errno);
    }
    struct stat status {};
    if (::fstat(directory.get(), &status) != 0)
        return errno_error(fmt::format("directory {} can't be examined", name), errno);
    if (status.st_uid != ::geteuid())
        return system_error(EPERM, fmt::format("{} belongs to user {}, but this is user {}; choose "
                                               "another directory, or have its owner remove it",
                                               name, status.st_uid, ::geteuid()));
    if ((status.st_mode & others_bits) != 0)
        // No advice to close it: it may be a directory that others need, such as /tmp.
        return system_error(EACCES,
                            fmt::format("{} has mode {:04o}, so others may enter it; one for you "
                                        "alone (0700) was expected: name a directory that is "
                                        "not there yet, and it is made",
                                        name, status.st_mode & 07777U));
    return directory;
}

}  // namespace glovebox
