#include "transports/transport_choice.h"

#include <unistd.h>

#include "transports/unix_transport.h"
#include "transports/vsock_transport.h"

namespace glovebox::transports {

TransportKind choose_kind(std::string_view transport, bool has_nsm, bool has_nitro_enclaves) {
    if (transport == "vsock" || (transport == "auto" && (has_nsm || has_nitro_enclaves)))
        return TransportKind::vsock;
    return TransportKind::unix_sockets;
}

Result<std::unique_ptr<core::Transport>> make_transport(const TransportChoice& choice,
                                                        boost::asio::any_io_executor executor,
                                                        core::Cid default_cid) {
    const bool has_nsm = ::access("/dev/nsm", F_OK) == 0;
    const bool has_nitro_enclaves = ::access("/dev/nitro_enclaves", F_OK) == 0;
    std::unique_ptr<core::Transport> made;
    if (choose_kind(choice.transport, has_nsm, has_nitro_enclaves) == TransportKind::vsock) {
        made = std::make_unique<VsockTransport>(std::move(executor), local_vsock_cid(default_cid));
    } else {
        auto world = World::open(World::choose_name(choice.world));
        if (!world)
            return world.error();
        const core::Cid own = choice.cid.value_or(default_cid);
        made = std::make_unique<UnixTransport>(std::move(executor), std::move(*world), own,
                                               may_bind_privileged_ports(own));
    }
    return made;
}

}  // namespace glovebox::transports
