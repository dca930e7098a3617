// SPDX-License-Identifier: Apache-2.0

// The connections of a server over its loops: each goes to the loop that has the fewest, and stays
// there.
//
// One loop accepts for all. A loop that is slower ends fewer connections and so is given fewer, so
// the loops have the same work, accepting included.
#pragma once

#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstddef>
#include <list>
#include <utility>

#include "core/base/log.h"
#include "core/loop/loop.h"
#include "core/stream/connection_group.h"

namespace glovebox::core {

class Connections {
  public:
    // `loops` outlives the connections.
    Connections(const Loops& loops, Log& log);

    // Starts a connection's work, `work(loop)`, on the loop that has the fewest connections. It is
    // called there, and returns a coroutine as ConnectionGroup::spawn() takes it. Call this on the
    // first loop.
    template <class Work>
    void spawn(Work work) {
        Place& place = emptiest();
        ++place.open;
        if (&place == &places_.front())
            return place.group.spawn(work(place.loop));
        boost::asio::post(place.loop.executor, [&place, work = std::move(work)]() mutable {
            place.group.spawn(work(place.loop));
        });
    }

    // Starts work on a loop of the caller's choice, whose thread calls this.
    void spawn_on(const Loop& loop, boost::asio::awaitable<void> work);

    [[nodiscard]] std::size_t size() const;

    // Returns when the last connection has ended; then no loop uses this object. Cancels those that
    // remain after `grace`. On the first loop.
    [[nodiscard]] boost::asio::awaitable<void> finish(std::chrono::milliseconds grace);

    // Cancels every connection. On the first loop.
    void cancel();

  private:
    struct Place {
        Place(Connections& all, const Loop& its, Log& log)
            : loop(its), group(its.executor, log, [this, &all] { all.on_end(*this); }) {}

        const Loop& loop;
        std::atomic<std::size_t> open{0};
        ConnectionGroup group;
    };

    [[nodiscard]] Place& emptiest();
    void on_end(Place& place);

    std::list<Place> places_;             // by loop
    std::atomic<bool> finishing_{false};  // then on_end() wakes the first loop
    boost::asio::steady_timer changed_;   // never fires; cancelled when a connection has ended
};

}  // namespace glovebox::core
