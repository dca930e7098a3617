// A program's AF_VSOCK socket as the supervisor holds it: a duplicate of the AF_UNIX socket behind
// it, and what its mark and its names say.
#pragma once

#include <optional>

#include "core/base/unique_fd.h"
#include "core/vsock_address.h"
#include "sim/supervisor/socket_mark.h"
#include "sim/supervisor/tracee.h"

namespace glovebox::supervisor {

struct EmulatedSocket {
    UniqueFd fd;
    SocketMark mark;

    // Nothing for a descriptor that is closed, no socket or not ours.
    [[nodiscard]] static std::optional<EmulatedSocket> of(Tracee& tracee, int descriptor);

    [[nodiscard]] bool is_nonblocking() const;
    [[nodiscard]] bool is_listening() const;
    // SOCK_STREAM or SOCK_SEQPACKET.
    [[nodiscard]] int type() const;
    // Names the socket among all sockets since the machine's start (SO_COOKIE, Linux 5.10).
    [[nodiscard]] std::uint64_t cookie() const;
    // As getsockname: both any while it is unbound.
    [[nodiscard]] core::VsockAddress local() const;
    // As getpeername; nothing while it is not connected.
    [[nodiscard]] std::optional<core::VsockAddress> peer() const;
};

}  // namespace glovebox::supervisor
