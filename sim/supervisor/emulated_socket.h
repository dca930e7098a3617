// SPDX-License-Identifier: Apache-2.0

// A program's AF_VSOCK socket as the supervisor holds it: a duplicate of the AF_UNIX socket behind
// it, and what its mark and its names say.
#pragma once

#include <optional>

#include "core/address/vsock_address.h"
#include "core/base/unique_fd.h"
#include "sim/supervisor/socket_mark.h"
#include "sim/supervisor/tracee.h"

namespace glovebox::supervisor {

// Identifies a socket among all sockets since the machine's start (SO_COOKIE).
[[nodiscard]] std::uint64_t cookie_of(int socket);

struct EmulatedSocket {
    UniqueFd fd;
    SocketMark mark;

    // Empty for a descriptor that is closed, is not a socket or is not emulated.
    [[nodiscard]] static std::optional<EmulatedSocket> of(Tracee& tracee, int descriptor);

    [[nodiscard]] bool is_nonblocking() const;
    [[nodiscard]] bool is_listening() const;
    // SOCK_STREAM or SOCK_SEQPACKET.
    [[nodiscard]] int type() const;
    [[nodiscard]] std::uint64_t cookie() const { return cookie_of(fd.get()); }
    // As getsockname: both any while it is unbound.
    [[nodiscard]] core::VsockAddress local() const;
    // As getpeername; nothing while it is not connected.
    [[nodiscard]] std::optional<core::VsockAddress> peer() const;
};

// Makes an AF_UNIX socket an emulated one, with vsock's capacity for bytes that its peer has not
// read: 0 or an errno value. `type` is SOCK_STREAM or SOCK_SEQPACKET.
[[nodiscard]] int make_emulated(int socket, int type, SocketMark mark);
// The same of an accepted connection.
[[nodiscard]] int make_emulated(int connection);

// How many bytes a record of a SOCK_SEQPACKET socket may have, above which sending it is EMSGSIZE.
// On AF_VSOCK its peer's SO_VM_SOCKETS_BUFFER_SIZE decides, here its own. More than twice
// net.core.wmem_max takes CAP_NET_ADMIN.
void set_record_limit(int socket, std::uint64_t bytes);

// Wakes those who watch a socket for the edge of "writable". They may have registered before it was
// connected, when an AF_UNIX socket looks writable already.
void wake_writers(int socket);

}  // namespace glovebox::supervisor
