// SPDX-License-Identifier: Apache-2.0

// Whether a stream's peer still exists, if the stream itself does not show it.
#pragma once

#include <chrono>

#include "core/stream/transport.h"

namespace glovebox::core {

[[nodiscard]] bool is_tcp(Stream& stream);

// Sets keep-alive on a TCP socket: an idle connection ends about a minute after its peer vanished
// from the network. (While data waits for an acknowledgement the kernel does not probe: see
// is_dead.)
void watch_by_keep_alive(int tcp_socket);

// Whether the peer has ended its half, also if unread bytes precede its end of file.
[[nodiscard]] bool has_ended(Stream& stream);

// Whether the peer has closed the stream and so cannot read any more. For AF_UNIX and AF_VSOCK
// peers a write shows it. A TCP peer that has closed looks like one that only ended its half, until
// it is written to; for a peer on this machine, the kernel reports whether a process still has the
// socket. `stream` must not have been shut down for writing.
[[nodiscard]] bool has_left(Stream& stream);

// Whether a TCP peer has acknowledged nothing for `silence` although data waits for it. Unlike
// TCP_USER_TIMEOUT, this is false for a peer that is alive and does not read: it answers the
// kernel's probes of its closed window. These are at most two minutes apart (TCP_RTO_MAX), so
// `silence` has to be longer.
[[nodiscard]] bool is_dead(Stream& stream, std::chrono::milliseconds silence);

}  // namespace glovebox::core
