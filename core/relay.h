// SPDX-License-Identifier: Apache-2.0

// Moves bytes between two streams, both ways, until both ends have finished.
//
//   * Half-close is kept: EOF from one side becomes shutdown(SHUT_WR) on the other, and the other
//     direction goes on.
//   * Back-pressure: a direction holds at most one pipe (1 MiB) or one buffer (64 KiB) of what its
//     receiver has not taken, and then reads no further.
//   * Small messages are copied through one shared buffer. A direction that moves bulk takes a pipe
//     and splices, until it has nothing more to move.
//   * A reset stays a reset: when one side breaks off, what it had sent is still delivered, and
//     then the other side gets a reset too, not an EOF that looks like a good end: a TCP peer by
//     SO_LINGER, a relay behind an AF_UNIX or AF_VSOCK stream by a ResetNotice. The same holds for
//     whatever else ends the relay before both sides have ended. A peer that is neither gets an
//     EOF.
//   * A side that ends and then goes away is noticed, so that it does not keep the other waiting.
//   * A side that stops reading does not end what it is still sending: the other side's bytes for
//     it are dropped meanwhile.
//
// SIGPIPE must be ignored in the process (splice(2) has no MSG_NOSIGNAL): see process_setup.h.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>

#include "core/pipe_pool.h"
#include "core/relay_result.h"
#include "core/reset_notice.h"
#include "core/transport.h"

namespace glovebox::core {

struct RelayOptions {
    // For a connection on which nothing moves. Zero for none.
    std::chrono::milliseconds idle_timeout{std::chrono::hours(1)};
    // The same once one side has ended: what the other may take to answer. Zero for none.
    std::chrono::milliseconds half_close_timeout{std::chrono::minutes(5)};
    // What the end of a relay waits for at most: a reset side's last bytes on their way to the
    // other, or a side that has yet to see that its peer is gone. After so long without a move it
    // is asked whether a side that has ended is still there.
    std::chrono::milliseconds linger{5000};
    // A TCP peer that acknowledges nothing for so long is dead (is_dead, peer_presence.h).
    std::chrono::milliseconds dead_after{150'000};
};

// How a reset reaches the peer of a stream that can't carry it, where it can. They outlive the
// relay.
struct ResetNotices {
    ResetNotice* first = nullptr;
    ResetNotice* second = nullptr;
};

// Takes both streams and closes them. They share one executor, which is not run by several threads
// at once; `pipes` belongs to that executor and outlives the relay. Never throws for what a peer
// does. Cancel it with Asio's cancellation.
[[nodiscard]] boost::asio::awaitable<RelayResult> relay(Stream first, Stream second,
                                                        PipePool& pipes, RelayOptions options = {},
                                                        ResetNotices notices = {});

}  // namespace glovebox::core
