// SPDX-License-Identifier: Apache-2.0

#include "sim/enclave/world_directory.h"

#include <fcntl.h>

#include <cerrno>

#include "core/base/run_folder.h"
#include "transports/world.h"

namespace glovebox::enclave {

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
        return errno_error("opening the world " + *path, errno);
    return directory;
}

}  // namespace glovebox::enclave
