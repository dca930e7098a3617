// SPDX-License-Identifier: Apache-2.0

#include "sim/supervisor/emulated_socket.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <limits>

#include "sim/supervisor/vsock_options.h"
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

// The kernel doubles it.
void set_send_buffer(int socket, int bytes) {
    if (::setsockopt(socket, SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof bytes) != 0)
        ::setsockopt(socket, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
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

void set_record_limit(int socket, std::uint64_t bytes) {
    // The kernel doubles what it is given, and keeps 32 bytes (unix_dgram_sendmsg in af_unix.c).
    constexpr std::uint64_t kept = 32;
    set_send_buffer(socket, static_cast<int>(std::min<std::uint64_t>(
                                (bytes + kept + 1) / 2, std::numeric_limits<int>::max() / 2)));
}

int make_emulated(int connection) {
    return make_emulated(connection, option<int>(connection, SO_TYPE), {});
}

int make_emulated(int socket, int type, SocketMark mark) {
    if (type == SOCK_SEQPACKET) {
        set_record_limit(socket, VsockOptions{}.buffer_size);
        return set_mark(socket, mark);
    }
    // The kernel doubles it and counts its own overhead: writes of 64 KiB come to the 256 KiB that
    // a vsock's peer buffers by default.
    constexpr int bytes = 120 * 1024;
    set_send_buffer(socket, bytes);
    return set_mark(socket, mark);
}

void wake_writers(int socket) {
    // Setting the send buffer's size does; it is set to what it is. The kernel doubles it.
    set_send_buffer(socket, option<int>(socket, SO_SNDBUF) / 2);
}

}  // namespace glovebox::supervisor
