// SPDX-License-Identifier: Apache-2.0

// The mark by which the supervisor recognizes an emulated AF_VSOCK socket.
//
// A program's AF_VSOCK socket is an AF_UNIX stream socket that the supervisor made. The program may
// dup it, inherit it over fork and exec, pass it to another process and close it without a
// notification. Descriptor numbers identify nothing, and a table of sockets would have to find out
// which of its entries are gone. So the state is kept in the socket itself, in an option that has
// no effect on AF_UNIX: SO_MAX_PACING_RATE, 64 bits that any program may set and that only TCP
// sockets and queueing disciplines read. It disappears with the socket.
//
// The addresses are not part of it: they are the names of the two ends (transports/socket_name.h).
#pragma once

#include <cstdint>
#include <optional>

namespace glovebox::supervisor {

struct SocketMark {
    // Bound to any CID, by bind() or by connect(): getsockname says any, as vsock's does.
    bool local_any = false;
    // Connected by dialling CID 1, which getpeername then says.
    bool dialled_local = false;
    // shutdown() was called: vsock is "disconnecting" from then on, whichever half was shut.
    bool disconnecting = false;
    // A non-blocking connect was refused: vsock stays "connecting", and says EALREADY to the next
    // one, until a blocking connect ends that.
    bool connecting = false;
    // The refusal is still to be told, by SO_ERROR or by a blocking connect.
    bool error_pending = false;
    // Neither bound nor connected yet, so it need not be asked.
    bool is_new = false;

    bool operator==(const SocketMark&) const = default;
};

[[nodiscard]] std::uint64_t encode(SocketMark mark);
// Nothing when the value is not a mark.
[[nodiscard]] std::optional<SocketMark> decode_mark(std::uint64_t value);

// Makes `socket` an emulated one, or changes its mark: 0 or an errno value.
[[nodiscard]] int set_mark(int socket, SocketMark mark);
// Empty for a descriptor that is not a socket, and for a socket without a mark.
[[nodiscard]] std::optional<SocketMark> read_mark(int socket);

}  // namespace glovebox::supervisor
