// SPDX-License-Identifier: Apache-2.0

// Resets across a hop from one relay to another.
//
//   forward ==== 16:7000 -> 3:8000 ============ proxy     a connection's bytes, and nothing else
//   forward ---- to port 8000 ^ 0x52535400 ----- proxy     one channel for all: "7000 is a reset"
//
// The relay that accepts on a port also accepts channels on a second port, and the relay that
// connects opens one. A connection is named by the port of the side that connected, 4 bytes in
// network order. Its notice is written before the connection is closed, and both transports deliver
// in order, so a relay that has read the end of file finds the notice without waiting.
//
// Other peers (plain programs, AWS's vsock-proxy) have no channel and see an end of file, as on
// Nitro.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstddef>
#include <deque>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>

#include "core/address/vsock_address.h"
#include "core/relay/reset_notice.h"
#include "core/stream/transport.h"

namespace glovebox::core {

// The port of the channels for a port; empty if that is not an ordinary port.
[[nodiscard]] std::optional<Port> reset_port(Port port);

// Whether a port is that of the channels for a port below 2^24, so that no program dials it for
// itself.
[[nodiscard]] bool is_reset_port(Port port);

// All connections between one side that connects and one port of the side that accepts. They and
// the channels may be on any loops, and so may those who call.
class HopResets : public std::enable_shared_from_this<HopResets> {
  public:
    // For a connection whose connecting side has this port, while the notice lives. Null where the
    // port does not name one connection: the side has no name, or two connections have the same.
    [[nodiscard]] std::unique_ptr<ResetNotice> watch(Port connecting);

    // Uses a channel from now on, on its loop, and keeps it until its peer closes it or the work is
    // cancelled; then the pending notices are sent first.
    [[nodiscard]] static boost::asio::awaitable<void> serve(std::shared_ptr<HopResets> resets,
                                                            Stream channel);

    [[nodiscard]] std::size_t channels() const;

  private:
    class Channel;
    class Notice;

    using Channels = std::list<std::shared_ptr<Channel>>;

    // With the mutex locked.
    void hear_of(Port connecting);
    void forget_old();

    void read(Channel& channel);
    [[nodiscard]] static boost::asio::awaitable<void> keep(std::shared_ptr<HopResets> resets,
                                                           Channels::iterator place);

    mutable std::mutex mutex_;
    Channels channels_;
    std::map<Port, bool> connections_;  // whether the peer reported a reset
    struct Early {
        std::chrono::steady_clock::time_point heard;
        Port connecting;
    };
    std::deque<Early> early_;  // notices of connections that are not watched yet
};

// The hops of one accepting port, by the CID that connects. Used from one thread; the hops are not.
class ResetsByCid {
  public:
    [[nodiscard]] std::shared_ptr<HopResets> of(Cid cid);

  private:
    std::map<Cid, std::weak_ptr<HopResets>> hops_;
};

}  // namespace glovebox::core
