// SPDX-License-Identifier: Apache-2.0

#include "core/base/run_folder.h"

#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>

namespace glovebox {

std::string run_folder(const char* run_directory) {
    struct stat status {};
    if (run_directory != nullptr && run_directory[0] == '/' &&
        ::stat(run_directory, &status) == 0 && S_ISDIR(status.st_mode) &&
        status.st_uid == ::geteuid())
        return std::string(run_directory) + "/glovebox";
    return fmt::format("/tmp/glovebox-{}", ::geteuid());
}

std::string run_folder() {
    return run_folder(std::getenv("XDG_RUNTIME_DIR"));
}

}  // namespace glovebox
