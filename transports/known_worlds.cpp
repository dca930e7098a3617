// SPDX-License-Identifier: Apache-2.0

#include "transports/known_worlds.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <functional>

#include "core/base/private_directory.h"
#include "core/base/run_folder.h"
#include "core/base/unique_fd.h"

namespace glovebox::transports {
namespace {

namespace fs = std::filesystem;

std::string links_folder() {
    return run_folder() + "/.worlds";
}

// Two directories with one digest would hide one of the two from `glovebox ps` alone.
std::string link_name(const std::string& directory) {
    return fmt::format("{:016x}", std::hash<std::string>{}(directory));
}

}  // namespace

void remember_world(const std::string& directory) {
    std::error_code failure;
    const std::string absolute = fs::absolute(directory, failure).lexically_normal().string();
    if (failure || !open_private_directory(run_folder()))
        return;
    const auto links = open_private_directory(links_folder());
    if (links) [[maybe_unused]]
        const int made = ::symlinkat(absolute.c_str(), links->get(), link_name(absolute).c_str());
}

std::vector<std::string> list_known_worlds() {
    std::vector<std::string> worlds;
    std::error_code failure;
    for (const auto& link : fs::directory_iterator(links_folder(), failure)) {
        std::error_code ignored;
        const fs::path directory = fs::read_symlink(link.path(), ignored);
        if (ignored)
            continue;
        if (fs::is_directory(directory, ignored))
            worlds.push_back(directory.string());
        else
            fs::remove(link.path(), ignored);
    }
    std::sort(worlds.begin(), worlds.end());
    return worlds;
}

}  // namespace glovebox::transports
