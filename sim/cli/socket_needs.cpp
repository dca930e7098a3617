// SPDX-License-Identifier: Apache-2.0

#include "sim/cli/socket_needs.h"

#include <variant>

#include "sim/enclave/world_directory.h"

namespace glovebox::cli {

std::string folder_of(const std::filesystem::path& file) {
    return std::filesystem::absolute(file).parent_path().string();
}

void add_sockets(core::Needs& needs, const transports::TransportChoice& transport,
                 const std::optional<core::StatusAddress>& status) {
    for (const auto& [cid, monitor] : transport.guests)
        needs.writable.push_back(folder_of(monitor));
    if (const auto* const socket = status ? std::get_if<std::string>(&*status) : nullptr)
        needs.writable.push_back(folder_of(*socket));
    if (transports::name_of(transport) == "unix")
        needs.writable.push_back(enclave::world_path(transport.world).value());
}

}  // namespace glovebox::cli
