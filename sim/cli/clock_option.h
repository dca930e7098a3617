// --clock: a module or a verifier whose clock is ahead or behind.
#pragma once

#include <CLI/App.hpp>
#include <string>

#include "core/base/clock.h"

namespace glovebox::cli {

struct ClockOption {
    CLI::Option* add_to(CLI::App& app);
    [[nodiscard]] OffsetClock make() const;

    std::string offset = "0s";
};

}  // namespace glovebox::cli
