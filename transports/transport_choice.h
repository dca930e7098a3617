// SPDX-License-Identifier: Apache-2.0

// The choice of a transport, the same for every command and example.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/stream/transport.h"
#include "transports/hybrid_transport.h"

namespace glovebox::transports {

// The user's choice by --world, --cid, --transport and --guest.
struct TransportChoice {
    std::string world;  // a name, or a directory with a '/'; empty: GLOVEBOX_WORLD or "default"
    std::optional<core::Cid> cid;    // this side's CID; with vsock the machine has its own
    std::string transport = "auto";  // one of transport_names()
    HybridGuests guests{};           // of the transport hybrid
};

// The names of the transports, including "auto", and their descriptions for --help.
[[nodiscard]] std::vector<std::string_view> transport_names();
[[nodiscard]] std::string_view transport_help();

// The devices that distinguish an enclave and a parent on Nitro from other machines. The local CID
// does not: other hypervisors assign 3 as well.
struct NitroDevices {
    bool nsm = false;             // /dev/nsm
    bool nitro_enclaves = false;  // /dev/nitro_enclaves
};

// The name that "auto" stands for on a machine: vsock inside an enclave and on a parent, unix
// everywhere else. Any other name stands for itself.
[[nodiscard]] std::string_view resolve_auto(std::string_view transport, NitroDevices devices);

// The same for a choice, on this machine.
[[nodiscard]] std::string_view name_of(const TransportChoice& choice);

// The chosen transport, with `default_cid` if the choice names no CID. An unknown name is an error.
[[nodiscard]] Result<std::unique_ptr<core::Transport>> make_transport(
    const TransportChoice& choice, boost::asio::any_io_executor executor, core::Cid default_cid);

}  // namespace glovebox::transports
