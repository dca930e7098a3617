// SPDX-License-Identifier: Apache-2.0

// Moves bytes between two streams, both ways, until both ends have finished.
//
//   * Half-close is kept: EOF from one side becomes shutdown(SHUT_WR) on the other, and the other
//     direction goes on.
//   * Back-pressure: a direction holds at most one pipe (1 MiB) or one buffer (64 KiB) of what its
//     receiver has not taken, and then reads no further.
//   * Small messages are copied through one shared buffer. A direction that moves bulk takes a pipe
//     and splices, until it has nothing more to move.
//   * A reset stays a reset. If one side is reset, the bytes that it had sent are still delivered;
//     then the other side gets a reset too, not an EOF that looks like a complete transfer. A TCP
//     peer gets it by SO_LINGER, a relay behind an AF_UNIX or AF_VSOCK stream by a ResetNotice, any
// other peer gets an EOF. The same holds for every end of the relay before both sides have ended.
//   * The relay notices a side that ends and then closes, so the other side does not wait for it.
//   * A side that stops reading can still send: bytes for it are dropped meanwhile.
//
// SIGPIPE must be ignored in the process (splice(2) has no MSG_NOSIGNAL): see
// service/process_setup.h.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <functional>

#include "core/relay/pipe_pool.h"
#include "core/relay/relay_result.h"
#include "core/relay/reset_notice.h"
#include "core/relay/traffic_counts.h"
#include "core/stream/transport.h"

namespace glovebox::core {

struct RelayOptions {
    // Ends a connection on which nothing moves. Zero: never.
    std::chrono::milliseconds idle_timeout{std::chrono::hours(1)};
    // The same once one side has ended: the time for the other side's answer. Zero: never.
    std::chrono::milliseconds half_close_timeout{std::chrono::minutes(5)};
    // The longest wait at the end of a relay: for a reset side's last bytes to reach the other
    // side, or for a side to see that its peer is gone. After this time without a move, the relay
    // also checks whether a side that has ended still exists.
    std::chrono::milliseconds linger{5000};
    // A TCP peer that acknowledges nothing for this time is dead (is_dead, stream/peer_presence.h).
    std::chrono::milliseconds dead_after{150'000};
};

// Carry a reset to the peer of a stream that cannot carry it itself; null if there is no way. They
// outlive the relay.
struct ResetNotices {
    ResetNotice* first = nullptr;
    ResetNotice* second = nullptr;
};

// Takes both streams and closes them. They share one executor, which is not run by several threads
// at once; `pipes` belongs to that executor and outlives the relay. No action of a peer makes it
// throw. Cancel it with Asio's cancellation, or by `canceller`, which is set to a function for that
// and may be called on the relay's loop at any time. What it carries is added to `traffic` as it
// goes, `first` being the client.
[[nodiscard]] boost::asio::awaitable<RelayResult> relay(Stream first, Stream second,
                                                        PipePool& pipes, RelayOptions options = {},
                                                        ResetNotices notices = {},
                                                        TrafficCounts* traffic = nullptr,
                                                        std::function<void()>* canceller = nullptr);

}  // namespace glovebox::core
