// SPDX-License-Identifier: Apache-2.0

// The open connections of a server, as shares of its slots.
//
// A peer (a CID) that is alone may have seven eighths of the slots (shares.h). Of its share, an
// eighth is kept for its connections to other listeners. So neither a greedy peer nor a target that
// never answers locks out another peer. Connections beyond a share wait, accepted and unread; the
// places to wait are shared in the same way. Beyond these a connection is refused, since
// connections of other peers may be behind it in the backlog.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>

#include "core/address/vsock_address.h"
#include "core/base/log.h"

namespace glovebox::core {

struct SlotOptions {
    std::size_t open_max = 10000;
    std::size_t waiting_max = 4096;
    // False for a server that cannot tell its peers apart: then only listeners have shares.
    bool by_peer = true;
};

class Slots {
    struct State;

  public:
    // Every function may be called from any loop; a ticket belongs to one.
    Slots(SlotOptions options, Log& log);
    ~Slots();
    Slots(const Slots&) = delete;
    Slots& operator=(const Slots&) = delete;

    using Listener = std::size_t;
    [[nodiscard]] Listener add_listener();

    // A slot or a place to wait for one, from the moment a connection is accepted to its end.
    class Ticket {
      public:
        Ticket(Ticket&&) noexcept;
        Ticket& operator=(Ticket&&) = delete;
        ~Ticket();

        [[nodiscard]] bool has_slot() const;

        // Returns true when the connection has a slot, which may take until others have ended;
        // false if cancelled.
        [[nodiscard]] boost::asio::awaitable<bool> slot();

      private:
        friend class Slots;
        struct Place;
        Ticket(std::shared_ptr<State> state, std::shared_ptr<Place> place);

        std::shared_ptr<State> state_;
        std::shared_ptr<Place> place_;
    };

    // A ticket for an accepted connection, if there is a slot or a place to wait right now.
    [[nodiscard]] std::optional<Ticket> try_admit(Cid peer, Listener listener);

    // The same; empty if the connection is to be refused, or if cancelled. While healthy
    // connections come and go, it waits briefly instead of refusing, for a tenth of the time at
    // most.
    [[nodiscard]] boost::asio::awaitable<std::optional<Ticket>> admit(Cid peer, Listener listener);

    // The same for a connection that is not refused, however long it takes. Empty if cancelled.
    [[nodiscard]] boost::asio::awaitable<std::optional<Ticket>> admit_late(Cid peer,
                                                                           Listener listener);

    // Whether a newly accepted connection would have a slot.
    [[nodiscard]] bool has_room(Listener listener) const;

    // Returns when a newly accepted connection would have a slot, or when cancelled. For listeners
    // that leave connections in the backlog.
    [[nodiscard]] boost::asio::awaitable<void> room(Listener listener);

  private:
    std::shared_ptr<State> state_;
};

}  // namespace glovebox::core
