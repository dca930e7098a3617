// SPDX-License-Identifier: Apache-2.0

// --tls-ca DIR: the TLS authority of a world, for the servers that it vouches for.
#pragma once

#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/base/random_source.h"
#include "sim/cli/commands.h"
#include "sim/tls/world_ca.h"

namespace glovebox::cli {

struct WorldCaOption {
    // --world NAME, and --tls-ca DIR in its place.
    [[nodiscard]] static Options options();
    [[nodiscard]] static WorldCaOption of(const Values& values);
    [[nodiscard]] Result<tls::WorldCa> open(std::vector<std::string> hosts, TimePoint now,
                                            RandomSource& random) const;

    std::string world;
    std::string directory;  // empty: tls/ in the world's directory
};

}  // namespace glovebox::cli
