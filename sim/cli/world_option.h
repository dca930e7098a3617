// SPDX-License-Identifier: Apache-2.0

// --world for the commands that look into a world without being in it: ps, stop, logs, clean.
#pragma once

#include <string>

#include "sim/cli/commands.h"

namespace glovebox::cli {

struct WorldOption {
    std::string world;
    bool is_argument = true;  // and not the environment's

    [[nodiscard]] static Option option();
    [[nodiscard]] static WorldOption of(const Values& values);

    // The world's directory, which need not exist.
    [[nodiscard]] std::string path() const;
    // " --world NAME" where one was given: for commands that sentences show.
    [[nodiscard]] std::string repeated() const;
};

}  // namespace glovebox::cli
