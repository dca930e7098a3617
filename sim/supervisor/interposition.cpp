// SPDX-License-Identifier: Apache-2.0

#include "sim/supervisor/interposition.h"

#include <sys/socket.h>

#include "transports/client_names.h"
#include "transports/socket_name.h"
#include "transports/unix_address.h"

namespace glovebox::supervisor {
namespace {

bool is_stream(int socket) {
    int type = 0;
    socklen_t length = sizeof type;
    return ::getsockopt(socket, SOL_SOCKET, SO_TYPE, &type, &length) == 0 && type == SOCK_STREAM;
}

bool is_true(core::VsockAddress address) {
    return address.cid != core::cid_any && address.port != core::port_any;
}

// Gives a socket an abstract name that nobody else has and that is read as `address`. An unnamed
// one speaks for the parent, as it does without us.
bool name(int socket, core::VsockAddress address) {
    return !is_true(address) ||
           transports::unforeseeable_name(transports::socket_name(address)).bind(socket) == 0;
}

core::VsockAddress local_of(int socket) {
    const auto own = transports::UnixAddress::of_socket(socket);
    return (own ? transports::parse_socket_name(own->text()) : std::nullopt)
        .value_or(core::VsockAddress{});
}

}  // namespace

UniqueFd interpose_accepted(TrafficObserver& observer, UniqueFd connection) {
    int ends[2];
    if (!is_stream(connection.get()) ||
        ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
        return connection;
    UniqueFd programs(ends[0]);
    UniqueFd near(ends[1]);
    const auto local = local_of(connection.get());
    const auto peer = transports::World::peer_of(connection.get());
    if (!name(programs.get(), local) || !name(near.get(), peer))
        return connection;
    observer.relay(std::move(near), local, std::move(connection), peer,
                   TrafficObserver::ConnectedBy::peer);
    return programs;
}

std::optional<core::VsockAddress> interpose_connect(TrafficObserver& observer,
                                                    transports::World& world, core::Cid own,
                                                    int socket, core::VsockAddress target) {
    UniqueFd far(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!is_stream(socket) || local_of(socket) != core::VsockAddress{} || !far)
        return std::nullopt;
    const auto local = world.connect(far.get(), own, target);
    if (!local)
        return std::nullopt;
    const auto peer = transports::World::peer_of(far.get());
    const core::VsockAddress unnamed{core::cid_parent, core::port_any};
    const core::VsockAddress speaks_for = peer == unnamed ? target : peer;
    // In the world's directory: an abstract name any user could connect to, and no socket of
    // another network namespace.
    if (!name(socket, *local))
        return std::nullopt;
    auto near = world.meet(socket, speaks_for);
    if (!near)
        return std::nullopt;
    observer.relay(std::move(*near), *local, std::move(far), speaks_for,
                   TrafficObserver::ConnectedBy::program);
    return *local;
}

}  // namespace glovebox::supervisor
