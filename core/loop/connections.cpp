// SPDX-License-Identifier: Apache-2.0

#include "core/loop/connections.h"

#include <algorithm>
#include <boost/asio/dispatch.hpp>

#include "core/stream/asio_result.h"

namespace glovebox::core {

namespace asio = boost::asio;

Connections::Connections(const Loops& loops, Log& log)
    : changed_(loops.front().executor, asio::steady_timer::time_point::max()) {
    for (const Loop& loop : loops)
        places_.emplace_back(*this, loop, log);
}

void Connections::spawn_on(const Loop& loop, asio::awaitable<void> work) {
    const auto place = std::find_if(places_.begin(), places_.end(),
                                    [&](const Place& one) { return &one.loop == &loop; });
    ++place->open;
    place->group.spawn(std::move(work));
}

// The first one of those that have equally many, since it needs no other thread to wake up.
Connections::Place& Connections::emptiest() {
    return *std::min_element(places_.begin(), places_.end(), [](const Place& a, const Place& b) {
        return a.open.load(std::memory_order_relaxed) < b.open.load(std::memory_order_relaxed);
    });
}

std::size_t Connections::size() const {
    std::size_t open = 0;
    for (const Place& place : places_)
        open += place.open;
    return open;
}

// Either finish() counts this end, or this finds that it waits.
void Connections::on_end(Place& place) {
    --place.open;
    if (finishing_)
        asio::dispatch(changed_.get_executor(), [this] { changed_.cancel(); });
}

asio::awaitable<void> Connections::finish(std::chrono::milliseconds grace) {
    asio::steady_timer patience(changed_.get_executor(), grace);
    patience.async_wait([this](const boost::system::error_code& failure) {
        if (!failure)
            cancel();
    });
    finishing_ = true;
    while (size() > 0)
        co_await changed_.async_wait(as_result);
    // A thread that has counted the last end may still be in on_end(): it has its turn after that.
    std::size_t busy = places_.size() - 1;
    for (Place& place : places_) {
        if (&place == &places_.front())
            continue;
        asio::post(place.loop.executor, [this, &busy] {
            asio::post(changed_.get_executor(), [this, &busy] {
                --busy;
                changed_.cancel();
            });
        });
    }
    while (busy > 0)
        co_await changed_.async_wait(as_result);
}

void Connections::cancel() {
    for (Place& place : places_) {
        if (&place == &places_.front())
            place.group.cancel();
        else
            asio::post(place.loop.executor, [&place] { place.group.cancel(); });
    }
}

}  // namespace glovebox::core
