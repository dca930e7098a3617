// SPDX-License-Identifier: Apache-2.0

#include "sim/eif/unpack/cache_folder.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "sim/eif/base/error.h"

namespace glovebox::eif {

Result<void> make_cache_folder(const std::filesystem::path& folder) {
    std::error_code code;
    std::filesystem::create_directories(folder.parent_path(), code);
    if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST)
        return errno_error(folder.string() + " can't be made", errno);
    struct stat status {};
    if (::lstat(folder.c_str(), &status) != 0)
        return errno_error(folder.string() + " can't be examined", errno);
    if (!S_ISDIR(status.st_mode) || status.st_uid != ::geteuid() || (status.st_mode & 022) != 0)
        return Error(EifError::unsafe_path,
                     folder.string() +
                         ": a folder of this user's that nobody else may write to "
                         "was expected (chown, chmod 700)");
    return {};
}

}  // namespace glovebox::eif
