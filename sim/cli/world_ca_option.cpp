// SPDX-License-Identifier: Apache-2.0

#include "sim/cli/world_ca_option.h"

#include "sim/cli/world_option.h"
#include "transports/world.h"

namespace glovebox::cli {

Options WorldCaOption::options() {
    constexpr std::string_view group = "TLS authority";
    Option world = WorldOption::option();
    world.summary = "The world whose TLS authority issues the server's certificate";
    world.group = group;
    return {world,
            {.name = "--tls-ca",
             .kind = Kind::directory,
             .placeholder = "DIR",
             .summary = "Directory of the TLS authority",
             .default_note = "tls/ in the world's directory",
             .group = group}};
}

WorldCaOption WorldCaOption::of(const Values& values) {
    return {values.text("--world"), values.text("--tls-ca")};
}

Result<tls::WorldCa> WorldCaOption::open(std::vector<std::string> hosts, TimePoint now,
                                         RandomSource& random) const {
    std::string path = directory;
    if (path.empty()) {
        const auto opened = transports::World::open(transports::World::choose_name(world));
        if (!opened)
            return opened.error();
        path = (*opened)->path() + "/tls";
    }
    return tls::WorldCa::open(path, std::move(hosts), now, random);
}

}  // namespace glovebox::cli
