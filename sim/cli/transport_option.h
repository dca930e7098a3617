// SPDX-License-Identifier: Apache-2.0

// --world NAME, --cid N and --transport auto|unix|vsock: which machine a subcommand speaks from,
// and through what.
#pragma once

#include "sim/cli/commands.h"
#include "transports/transport_choice.h"

namespace glovebox::cli {

struct TransportOption {
    transports::TransportChoice choice;

    [[nodiscard]] static Options options();
    [[nodiscard]] static TransportOption of(const Values& values);

    // The transport that the options ask for, as `default_cid` where --cid says nothing.
    [[nodiscard]] Result<std::unique_ptr<core::Transport>> make(
        boost::asio::any_io_executor executor, core::Cid default_cid) const;
};

}  // namespace glovebox::cli
