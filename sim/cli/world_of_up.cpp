// SPDX-License-Identifier: Apache-2.0

#include "sim/cli/world_of_up.h"

#include <fcntl.h>
#include <fmt/core.h>

#include <filesystem>
#include <vector>

#include "core/base/unique_fd.h"
#include "sim/cli/commands.h"
#include "sim/up/event_file.h"
#include "transports/known_worlds.h"

namespace glovebox::cli {
namespace {

bool has_events(const std::string& world) {
    return std::filesystem::exists(world + "/" + up::event_file_name);
}

// A world that was killed leaves its events without a writer.
bool is_running(const std::string& world) {
    const UniqueFd events(::open((world + "/" + up::event_file_name).c_str(),
                                 O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    return events && up::is_being_written(events.get());
}

}  // namespace

std::optional<std::string> world_of_up(const WorldOption& option) {
    if (!option.world.empty())
        return has_events(option.path()) ? std::optional(option.path()) : std::nullopt;
    if (is_running(option.path()))
        return option.path();
    std::vector<std::string> found;
    for (const std::string& world : transports::list_known_worlds())
        if (is_running(world))
            found.push_back(world);
    if (found.size() > 1)
        throw UsageError(
            fmt::format("`glovebox up` runs {} worlds: choose one of them, for "
                        "example --world {}",
                        found.size(), found.front()));
    return found.empty() ? std::nullopt : std::optional(found.front());
}

}  // namespace glovebox::cli
