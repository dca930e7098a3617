// SPDX-License-Identifier: Apache-2.0

// The folders of a proxy's and a forwarder's own sockets.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "core/confinement/confinement.h"
#include "core/service/status_server.h"
#include "transports/transport_choice.h"

namespace glovebox::cli {

// The absolute path of the folder that a file is in.
[[nodiscard]] std::string folder_of(const std::filesystem::path& file);

// Adds the folders of the vsock sockets and of the status socket: sockets are made and removed
// there while the service runs.
void add_sockets(core::Needs& needs, const transports::TransportChoice& transport,
                 const std::optional<core::StatusAddress>& status);

}  // namespace glovebox::cli
