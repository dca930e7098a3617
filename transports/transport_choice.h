// Which transport a program speaks through: the same decision for every command and example.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/transport.h"

namespace glovebox::transports {

enum class TransportKind { unix_sockets, vsock };

// What a person chose, as --world, --cid and --transport say it.
struct TransportChoice {
    std::string world;  // a name, or a directory with a '/'; empty: GLOVEBOX_WORLD or "default"
    std::optional<core::Cid> cid;    // this side's CID; with vsock the machine has its own
    std::string transport = "auto";  // auto, unix or vsock
};

// What "auto", "unix" or "vsock" means on a machine: auto is vsock inside an enclave (/dev/nsm is
// there) and on a parent (/dev/nitro_enclaves is there), Unix sockets everywhere else. The local
// CID is never asked: other hypervisors hand out 3 as well.
[[nodiscard]] TransportKind choose_kind(std::string_view transport, bool has_nsm,
                                        bool has_nitro_enclaves);

// The transport that was chosen, as `default_cid` where the choice names no CID.
[[nodiscard]] Result<std::unique_ptr<core::Transport>> make_transport(
    const TransportChoice& choice, boost::asio::any_io_executor executor, core::Cid default_cid);

}  // namespace glovebox::transports
