// SPDX-License-Identifier: Apache-2.0

#include "transports/inherited_listeners.h"

#include <fmt/core.h>
#include <sys/socket.h>
// After sys/socket.h, whose sa_family_t it needs.
#include <linux/vm_sockets.h>

#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "core/stream/acceptor.h"
#include "transports/socket_listener.h"
#include "transports/vsock_transport.h"
#include "transports/world.h"

namespace glovebox::transports {
namespace {

sockaddr_storage address_of(int socket) {
    sockaddr_storage local{};
    socklen_t size = sizeof local;
    ::getsockname(socket, reinterpret_cast<sockaddr*>(&local), &size);
    return local;
}

bool is_vsock_port(int socket, core::Port port) {
    const sockaddr_storage local = address_of(socket);
    sockaddr_vm kernel{};
    std::memcpy(&kernel, &local, sizeof kernel);
    return local.ss_family == AF_VSOCK && kernel.svm_port == port;
}

}  // namespace

InheritedListeners::InheritedListeners(boost::asio::any_io_executor executor,
                                       std::unique_ptr<core::Transport> otherwise,
                                       std::shared_ptr<core::InheritedSockets> sockets,
                                       HybridGuests guests)
    : executor_(std::move(executor)),
      otherwise_(std::move(otherwise)),
      sockets_(std::move(sockets)),
      guests_(std::move(guests)) {}

Result<std::unique_ptr<core::Listener>> InheritedListeners::listen(core::VsockAddress address) {
    if (!guests_.empty()) {
        auto listener = listen_for_guests(address.port);
        if (!listener || *listener)
            return listener;
        return otherwise_->listen(address);
    }
    UniqueFd socket = sockets_->take([&](int fd, std::string_view name) {
        return name == fmt::format("{}", address.port) || is_vsock_port(fd, address.port);
    });
    if (!socket)
        return otherwise_->listen(address);
    const int family = address_of(socket.get()).ss_family;
    if (family != AF_VSOCK && family != AF_UNIX)
        return invalid_input(
            fmt::format("the socket that was handed over for vsock port {} is "
                        "neither of AF_VSOCK nor of AF_UNIX",
                        address.port));
    auto acceptor = core::Acceptor::make(executor_, std::move(socket));
    if (!acceptor)
        return acceptor.error();
    SocketListener::PeerOf peer_of = &vsock_peer_of;
    if (family == AF_UNIX)
        peer_of = [](const core::Accepted& accepted) {
            return World::peer_at(accepted.peer, accepted.peer_size);
        };
    return std::unique_ptr<core::Listener>(std::make_unique<SocketListener>(
        std::move(*acceptor), core::VsockAddress{local_cid(), address.port}, std::move(peer_of)));
}

Result<std::unique_ptr<core::Listener>> InheritedListeners::listen_for_guests(core::Port port) {
    std::vector<UniqueFd> sockets;
    std::vector<core::Cid> cids;
    std::vector<std::string> names;
    for (const auto& [cid, path] : guests_) {
        std::string name = guest_listener_name(port, cid);
        if (UniqueFd socket = sockets_->take(name)) {
            sockets.push_back(std::move(socket));
            cids.push_back(cid);
            names.push_back(std::move(name));
        }
    }
    if (sockets.empty())
        return std::unique_ptr<core::Listener>();
    if (sockets.size() < guests_.size())
        return invalid_input(
            fmt::format("sockets for port {} were handed over for {} of {} guests: hand over one "
                        "for each --guest, with names such as {}",
                        port, sockets.size(), guests_.size(), names.front()));
    auto acceptor = core::Acceptor::make(executor_, std::move(sockets));
    if (!acceptor)
        return acceptor.error();
    return std::unique_ptr<core::Listener>(std::make_unique<SocketListener>(
        std::move(*acceptor), core::VsockAddress{local_cid(), port}, peer_by_guest(std::move(cids)),
        SocketListener::BeforeClose(), std::move(names)));
}

boost::asio::awaitable<Result<core::Connection>> InheritedListeners::connect(
    core::VsockAddress address, std::chrono::milliseconds patience) {
    return otherwise_->connect(address, patience);
}

core::Cid InheritedListeners::local_cid() const {
    return otherwise_->local_cid();
}

}  // namespace glovebox::transports
