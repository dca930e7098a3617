// An option that is a length of time: "90s", "15m", "1h30m".
#pragma once

#include <CLI/App.hpp>
#include <chrono>
#include <string>

namespace glovebox::cli {

// Adds the option; what it was is its default and stands in its description. A negative duration is
// refused.
CLI::Option* add_duration_option(CLI::App& app, const std::string& name,
                                 std::chrono::milliseconds& value, const std::string& description);

}  // namespace glovebox::cli
