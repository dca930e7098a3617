// SPDX-License-Identifier: Apache-2.0

// The connections that a server has open, as shares of its slots.
//
// One peer, a CID, may have seven eighths of the slots when it is alone (shares.h), and of its
// share the listeners other than the one it asks at keep an eighth. So neither a greedy peer nor a
// target that never answers shuts out a newcomer. Connections beyond a share wait, accepted and
// unread; places to wait are shared in the same way. Beyond those a connection is refused, since
// behind it in the backlog may be another peer's.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>

#include "core/base/log.h"
#include "core/vsock_address.h"

namespace glovebox::core {

struct SlotOptions {
    std::size_t open_max = 10000;
    std::size_t waiting_max = 4096;
    // A server whose peers have no names has listeners' shares alone.
    bool by_peer = true;
};

class Slots {
    struct State;

  public:
    // All run on the executor, which is not run by several threads at once.
    Slots(boost::asio::any_io_executor executor, SlotOptions options, Log& log);
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

        // Whether there is a slot, which may take until others have ended. False when cancelled.
        [[nodiscard]] boost::asio::awaitable<bool> slot();

      private:
        friend class Slots;
        struct Place;
        Ticket(std::shared_ptr<State> state, std::unique_ptr<Place> place);

        std::shared_ptr<State> state_;
        std::unique_ptr<Place> place_;
    };

    // For a connection that was accepted; nothing where it is to be refused. While healthy
    // connections come and go it waits a moment rather than refuse, a tenth of the time at most.
    [[nodiscard]] boost::asio::awaitable<std::optional<Ticket>> admit(Cid peer, Listener listener);

    // Returns when a connection that is accepted now would have a slot, or when cancelled. For
    // listeners that leave connections in the backlog.
    [[nodiscard]] boost::asio::awaitable<void> room(Listener listener);

  private:
    std::shared_ptr<State> state_;
};

}  // namespace glovebox::core
