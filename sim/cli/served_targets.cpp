// SPDX-License-Identifier: Apache-2.0

#include "sim/cli/served_targets.h"

#include <fmt/format.h>

#include "sim/enclave/world_directory.h"
#include "sim/http/server.h"

namespace glovebox::cli {
namespace {

constexpr unsigned https_port = 443;

Result<std::string> directory_of(const std::string& world) {
    auto path = enclave::world_path(world);
    return path ? Result<std::string>(*path + "/tls") : path;
}

// An address that clients on this machine can connect to.
std::string reachable(const std::string& listener) {
    http::Address address = http::parse_address(listener).value();
    if (address.ip == "0.0.0.0")
        address.ip = "127.0.0.1";
    else if (address.ip == "::")
        address.ip = "::1";
    return http::to_string(address);
}

}  // namespace

std::function<std::vector<core::ResolvedTarget>()> served_targets(
    const transports::TransportChoice& choice) {
    const auto directory = directory_of(choice.world);
    if (!directory || transports::name_of(choice) != "unix")
        return {};
    return [directory = *directory] {
        std::vector<core::ResolvedTarget> targets;
        for (const std::string& line : tls::ServedNames::read(directory))
            if (auto target = core::parse_resolved_target(line))
                targets.push_back(std::move(*target));
        return targets;
    };
}

Result<tls::ServedNames> announce_served(const std::string& world,
                                         const std::vector<std::string>& hosts,
                                         const std::string& address) {
    const auto directory = directory_of(world);
    if (!directory)
        return directory.error();
    std::vector<std::string> lines;
    for (const std::string& host : hosts)
        if (host != "localhost")
            lines.push_back(fmt::format("{}:{}={}", host, https_port, reachable(address)));
    return tls::ServedNames::announce(*directory, lines);
}

}  // namespace glovebox::cli
