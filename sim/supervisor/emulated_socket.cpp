// SPDX-License-Identifier: Apache-2.0

#include "sim/supervisor/emulated_socket.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "transports/socket_name.h"
#include "transports/unix_address.h"
#include "transports/world.h"

namespace glovebox::supervisor {
namespace {

template <class Value>
Value option(int socket, int name) {
    Value value{};
    socklen_t length = sizeof value;
    ::getsockopt(socket, SOL_SOCKET, name, &value, &length);
    return value;
}

}  // namespace

std::optional<EmulatedSocket> EmulatedSocket::of(Tracee& tracee, int descriptor) {
    auto fd = tracee.descriptor(descriptor);
    if (!fd)
        return std::nullopt;
    const auto mark = read_mark(fd->get());
    if (!mark)
        return std::nullopt;
    return EmulatedSocket{std::move(*fd), *mark};
}

bool EmulatedSocket::is_nonblocking() const {
    return (::fcntl(fd.get(), F_GETFL) & O_NONBLOCK) != 0;
}

bool EmulatedSocket::is_listening() const {
    return option<int>(fd.get(), SO_ACCEPTCONN) != 0;
}

int EmulatedSocket::type() const {
    return option<int>(fd.get(), SO_TYPE);
}

std::uint64_t cookie_of(int socket) {
    return option<std::uint64_t>(socket, SO_COOKIE);
}

core::VsockAddress EmulatedSocket::local() const {
    const auto name = transports::UnixAddress::of_socket(fd.get());
    auto address = name ? transports::parse_socket_name(name->text()) : std::nullopt;
    if (!address)
        return {};
    if (mark.local_any)
        address->cid = core::cid_any;
    return *address;
}

std::optional<core::VsockAddress> EmulatedSocket::peer() const {
    sockaddr_un name{};
    socklen_t length = sizeof name;
    if (::getpeername(fd.get(), reinterpret_cast<sockaddr*>(&name), &length) != 0)
        return std::nullopt;
    auto address = transports::World::peer_of(fd.get());
    if (mark.dialled_local)
        address.cid = core::cid_local;
    return address;
}

int make_emulated(int socket) {
    // The kernel doubles it and counts its own overhead: writes of 64 KiB come to the 256 KiB that
    // a vsock's peer buffers by default.
    constexpr int bytes = 120 * 1024;
    ::setsockopt(socket, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
    return set_mark(socket, {});
}

void wake_writers(int socket) {
    // Setting the send buffer's size does; it is set to what it is. The kernel doubles it.
    const int bytes = option<int>(socket, SO_SNDBUF) / 2;
    ::setsockopt(socket, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
}

}  // namespace glovebox::supervisor
