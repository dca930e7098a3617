#include "sim/cli/transport_option.h"

#include <unistd.h>

#include <CLI/CLI.hpp>

#include "transports/unix_transport.h"
#include "transports/vsock_transport.h"

namespace glovebox::cli {

TransportKind choose_transport(std::string_view option, bool has_nsm, bool has_nitro_enclaves) {
    if (option == "vsock" || (option == "auto" && (has_nsm || has_nitro_enclaves)))
        return TransportKind::vsock;
    return TransportKind::unix_sockets;
}

void TransportOption::add_to(CLI::App& app) {
    constexpr const char* group = "Transport";
    app.add_option(
           "--world", world,
           "The world, where parent and enclaves meet: a name, or a directory (with a '/'). "
           "GLOVEBOX_WORLD gives it too [default]")
        ->type_name("NAME")
        ->group(group);
    app.add_option("--cid", cid,
                   "This side's CID: 3 for the parent, 4 and up for an enclave. With vsock the "
                   "machine has its own, and this one is not used")
        ->type_name("N")
        ->check(CLI::Range(core::cid_parent, core::cid_any - 1))
        ->group(group);
    app.add_option("--transport", transport,
                   "unix: sockets in the world's directory; vsock: the kernel's AF_VSOCK; auto: "
                   "vsock where /dev/nsm or /dev/nitro_enclaves exists, else unix")
        ->type_name("KIND")
        ->check(CLI::IsMember({"auto", "unix", "vsock"}))
        ->capture_default_str()
        ->group(group);
}

Result<std::unique_ptr<core::Transport>> TransportOption::make(
    boost::asio::any_io_executor executor, core::Cid default_cid) const {
    const core::Cid own = cid.value_or(default_cid);
    const bool has_nsm = ::access("/dev/nsm", F_OK) == 0;
    const bool has_nitro_enclaves = ::access("/dev/nitro_enclaves", F_OK) == 0;
    std::unique_ptr<core::Transport> made;
    if (choose_transport(transport, has_nsm, has_nitro_enclaves) == TransportKind::vsock) {
        made = std::make_unique<transports::VsockTransport>(
            std::move(executor), transports::local_vsock_cid(default_cid));
    } else {
        auto opened = transports::World::open(transports::World::choose_name(world));
        if (!opened)
            return opened.error();
        made = std::make_unique<transports::UnixTransport>(
            std::move(executor), std::move(*opened), own,
            transports::may_bind_privileged_ports(own));
    }
    return made;
}

}  // namespace glovebox::cli
