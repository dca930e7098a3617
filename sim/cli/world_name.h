// What a --world may not be.
#pragma once

#include <string>

namespace glovebox::cli {

// A check for CLI::Option::check(). An empty name comes of a variable that is not set, and would
// mean the world that everybody shares.
[[nodiscard]] inline std::string check_world_name(const std::string& name) {
    return name.empty()
               ? "an empty name names no world; leave --world out for the world \"default\""
               : std::string();
}

}  // namespace glovebox::cli
