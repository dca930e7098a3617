// SPDX-License-Identifier: Apache-2.0

#include "sim/enclave/world_directory.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>

#include "core/base/run_folder.h"
#include "transports/world.h"

namespace glovebox::enclave {
namespace {

bool is_directory(const std::string& path) {
    struct stat status {};
    return ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

}  // namespace

Result<std::string> world_path(const std::string& world) {
    std::string name = transports::World::choose_name(world);
    if (name.empty())
        return transports::World::open(name).error();
    return name.find('/') != std::string::npos ? name : run_folder() + "/" + name;
}

Result<UniqueFd> open_world(const std::string& world) {
    const auto path = world_path(world);
    if (!path)
        return path.error();
    UniqueFd directory(::open(path->c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!directory && errno != ENOENT)
        return errno_error("cannot open the world " + *path, errno);
    return directory;
}

Result<std::vector<EnclaveRecord>> enclaves_of(const std::string& world) {
    const auto directory = open_world(world);
    if (!directory)
        return directory.error();
    return *directory ? read_records(directory->get()) : std::vector<EnclaveRecord>();
}

std::string worlds_elsewhere(const std::string& world) {
    const std::string name = transports::World::choose_name(world);
    if (name.find('/') != std::string::npos)
        return "";
    if (::geteuid() != 0) {
        const char* folder = is_directory("/run/user/0")       ? "/run/user/0/glovebox"
                             : is_directory("/tmp/glovebox-0") ? "/tmp/glovebox-0"
                                                               : nullptr;
        return folder == nullptr ? ""
                                 : fmt::format(
                                       " Root's worlds are in {}: what was started with sudo "
                                       "needs sudo here too.",
                                       folder);
    }
    const char* caller = std::getenv("SUDO_UID");
    if (caller == nullptr)
        return "";
    for (const std::string& folder : std::array{fmt::format("/run/user/{}/glovebox", caller),
                                                fmt::format("/tmp/glovebox-{}", caller)})
        if (is_directory(folder + "/" + name))
            return fmt::format(
                " The user who called sudo has a world of that name in {}: what was started "
                "without sudo must be called without it.",
                folder);
    return "";
}

}  // namespace glovebox::enclave
