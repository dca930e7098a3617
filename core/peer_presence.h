// SPDX-License-Identifier: Apache-2.0

// Whether a stream's peer is still there, where the stream itself does not say so.
#pragma once

#include <chrono>

#include "core/transport.h"

namespace glovebox::core {

[[nodiscard]] bool is_tcp(Stream& stream);

// For a TCP socket, or for a listener whose connections inherit it: a peer that vanished from the
// network ends an idle connection after about a minute. (Data that waits for an acknowledgement
// keeps the kernel from probing: is_dead.)
void watch_by_keep_alive(int tcp_socket);

// Whether the peer has ended its half, though that may wait behind bytes that were not read.
[[nodiscard]] bool has_ended(Stream& stream);

// Whether the peer has closed the stream altogether and so can read nothing any more. AF_UNIX and
// AF_VSOCK peers say so to whoever tries to write. A TCP peer that has closed looks like one that
// only ended its half, until it is written to; of a peer on this machine the kernel tells whether a
// process still has the socket. `stream` must not have been shut down for writing.
[[nodiscard]] bool has_left(Stream& stream);

// Whether a TCP peer has acknowledged nothing for so long although something waits for it. Unlike
// TCP_USER_TIMEOUT this spares a peer that is alive and does not read: it answers the kernel's
// probes of its closed window, which are at most two minutes apart (TCP_RTO_MAX), so that `silence`
// is to be longer.
[[nodiscard]] bool is_dead(Stream& stream, std::chrono::milliseconds silence);

}  // namespace glovebox::core
