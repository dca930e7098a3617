#include "sim/cli/world_ca_option.h"

#include <CLI/CLI.hpp>

#include "transports/world.h"

namespace glovebox::cli {

void WorldCaOption::add_to(CLI::App& app, bool with_world) {
    constexpr const char* group = "TLS authority";
    if (with_world)
        app.add_option("--world", world,
                       "The world whose TLS authority it is [GLOVEBOX_WORLD or default]")
            ->type_name("NAME")
            ->group(group);
    app.add_option("--tls-ca", directory,
                   "Directory of the TLS authority [tls/ in the world's directory]")
        ->type_name("DIR")
        ->group(group);
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
