// SPDX-License-Identifier: Apache-2.0

#include "sim/cli/world_option.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstdlib>

#include "sim/enclave/world_directory.h"
#include "transports/world.h"

namespace glovebox::cli {
namespace {

bool is_directory(const std::string& path) {
    struct stat status {};
    return ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

// An empty name comes of a variable that is not set, and would mean the world that everybody
// shares.
std::string problem_of_world(const std::string& name) {
    return name.empty()
               ? "an empty name names no world; leave --world out for the world \"default\""
               : std::string();
}

}  // namespace

Option WorldOption::option() {
    return {.name = "--world",
            .placeholder = "NAME",
            .check = problem_of_world,
            .summary =
                "The world where parent and enclaves meet: a name, or a directory (with a "
                "'/')",
            .default_note = "\"default\"",
            .variable = "GLOVEBOX_WORLD",
            .completion = Completion::world};
}

WorldOption WorldOption::of(const Values& values) {
    return {values.text("--world"), values.is_argument("--world")};
}

std::string WorldOption::path() const {
    return enclave::world_path(world).value();
}

std::string WorldOption::repeated() const {
    return world.empty() || !is_argument ? "" : " --world " + world;
}

UniqueFd WorldOption::open() const {
    return enclave::open_world(world).value();
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
