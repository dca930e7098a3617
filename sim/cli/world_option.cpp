// SPDX-License-Identifier: Apache-2.0

#include "sim/cli/world_option.h"

#include "sim/enclave/world_directory.h"

namespace glovebox::cli {
namespace {

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

}  // namespace glovebox::cli
