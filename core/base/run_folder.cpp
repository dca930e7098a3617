// SPDX-License-Identifier: Apache-2.0

#include "core/base/run_folder.h"

#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>

namespace glovebox {

namespace {

bool is_own_directory(const char* path) {
    struct stat status {};
    return path != nullptr && path[0] == '/' && ::stat(path, &status) == 0 &&
           S_ISDIR(status.st_mode) && status.st_uid == ::geteuid();
}

std::string folder_in_tmp() {
    return fmt::format("/tmp/glovebox-{}", ::geteuid());
}

}  // namespace

std::string run_folder(std::initializer_list<const char*> run_directories) {
    for (const char* directory : run_directories)
        if (is_own_directory(directory))
            return std::string(directory) + "/glovebox";
    return folder_in_tmp();
}

std::string run_folder() {
    const std::string of_user = fmt::format("/run/user/{}", ::geteuid());
    return run_folder({std::getenv("XDG_RUNTIME_DIR"), of_user.c_str()});
}

std::vector<std::string> run_folders() {
    std::vector<std::string> folders{run_folder()};
    if (folders.front() != folder_in_tmp() && is_own_directory(folder_in_tmp().c_str()))
        folders.push_back(folder_in_tmp());
    return folders;
}

}  // namespace glovebox
