// --world NAME, --cid N and --transport auto|unix|vsock: which machine a subcommand speaks from,
// and through what.
#pragma once

#include <CLI/App.hpp>
#include <boost/asio/any_io_executor.hpp>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/transport.h"

namespace glovebox::cli {

enum class TransportKind { unix_sockets, vsock };

// What `--transport option` means on a machine: auto is vsock inside an enclave (/dev/nsm is there)
// and on a parent (/dev/nitro_enclaves is there), Unix sockets everywhere else. The local CID is
// never asked: other hypervisors hand out 3 as well.
[[nodiscard]] TransportKind choose_transport(std::string_view option, bool has_nsm,
                                             bool has_nitro_enclaves);

struct TransportOption {
    std::string world;
    std::optional<core::Cid> cid;
    std::string transport = "auto";

    void add_to(CLI::App& app);

    // The transport that the options ask for, as `default_cid` where --cid says nothing.
    [[nodiscard]] Result<std::unique_ptr<core::Transport>> make(
        boost::asio::any_io_executor executor, core::Cid default_cid) const;
};

}  // namespace glovebox::cli
