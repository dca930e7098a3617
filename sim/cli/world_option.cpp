#include "sim/cli/world_option.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <CLI/CLI.hpp>

#include <array>
#include <cerrno>
#include <cstdlib>

#include "sim/cli/world_name.h"
#include "transports/world.h"

namespace glovebox::cli {
namespace {

bool is_directory(const std::string& path) {
    struct stat status {};
    return ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

}  // namespace

std::string worlds_folder() {
    return transports::World::worlds_folder(std::getenv("XDG_RUNTIME_DIR"));
}

void WorldOption::add_to(CLI::App& app) {
    app.add_option("--world", world,
                   "The world: a name, or a directory (with a '/'). GLOVEBOX_WORLD gives it too "
                   "[default]")
        ->type_name("NAME")
        ->check(check_world_name);
}

std::string WorldOption::path() const {
    const std::string name = transports::World::choose_name(world);
    if (name.empty())
        throw ErrorException(transports::World::open(name).error());
    return name.find('/') != std::string::npos ? name : worlds_folder() + "/" + name;
}

std::string WorldOption::repeated() const {
    return world.empty() ? "" : " --world " + world;
}

UniqueFd WorldOption::open() const {
    UniqueFd directory(::open(path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!directory && errno != ENOENT)
        throw ErrorException(errno_error("opening the world " + path(), errno));
    return directory;
}

std::vector<enclave::EnclaveRecord> WorldOption::enclaves() const {
    const UniqueFd directory = open();
    return directory ? enclave::read_records(directory.get())
                     : std::vector<enclave::EnclaveRecord>();
}

std::string worlds_elsewhere(const std::string& world) {
    const std::string name = transports::World::choose_name(world);
    if (name.find('/') != std::string::npos)
        return "";
    if (::geteuid() != 0)
        return is_directory("/tmp/glovebox-0")
                   ? " Root has worlds of his own, in /tmp/glovebox-0: what was started with sudo "
                     "is reached with sudo."
                   : "";
    const char* caller = std::getenv("SUDO_UID");
    if (caller == nullptr)
        return "";
    for (const std::string& folder : std::array{fmt::format("/run/user/{}/glovebox", caller),
                                                fmt::format("/tmp/glovebox-{}", caller)})
        if (is_directory(folder + "/" + name))
            return fmt::format(
                " The user who called sudo has a world of that name in {}: what was "
                "started without sudo is reached without it.",
                folder);
    return "";
}

}  // namespace glovebox::cli
