// SPDX-License-Identifier: Apache-2.0

#include "sim/cli/world_of_up.h"

#include <fmt/core.h>

#include <filesystem>
#include <vector>

#include "sim/cli/commands.h"
#include "sim/up/event_file.h"
#include "transports/known_worlds.h"

namespace glovebox::cli {
namespace {

bool has_events(const std::string& world) {
    return std::filesystem::exists(world + "/" + up::event_file_name);
}

}  // namespace

std::optional<std::string> world_of_up(const WorldOption& option) {
    if (has_events(option.path()))
        return option.path();
    if (!option.world.empty())
        return std::nullopt;
    std::vector<std::string> found;
    for (const std::string& world : transports::list_known_worlds())
        if (has_events(world))
            found.push_back(world);
    if (found.size() > 1)
        throw UsageError(
            fmt::format("`glovebox up` runs {} worlds: choose one of them, for "
                        "example --world {}",
                        found.size(), found.front()));
    return found.empty() ? std::nullopt : std::optional(found.front());
}

}  // namespace glovebox::cli
