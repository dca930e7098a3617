// SPDX-License-Identifier: Apache-2.0

#include "core/loop/slots.h"

#include <algorithm>
#include <chrono>
#include <deque>
#include <map>
#include <mutex>
#include <utility>

#include "core/loop/loop_condition.h"
#include "core/loop/shares.h"

namespace glovebox::core {

namespace asio = boost::asio;
using std::chrono::steady_clock;

namespace {

constexpr std::size_t peer_weight = 7;
constexpr std::size_t listeners_part = 8;  // one in so many is for the other listeners

// All that an accept loop may wait for connections that others could be refused for.
constexpr std::chrono::milliseconds patience_max{1000};
constexpr int patience_part = 10;  // it grows back in ten times as long

}  // namespace

struct Slots::Ticket::Place {
    Place(Cid from, Listener at) : peer(from), listener(at) {}

    Cid peer;
    Listener listener;
    bool has_slot = false;
    LoopCondition granted;
};

// Locked for every use, places included.
struct Slots::State {
    using Place = Ticket::Place;
    using Key = std::pair<Cid, Listener>;

    State(SlotOptions with, Log& to)
        : options(with),
          log(to),
          open(with.open_max, peer_weight),
          waiting(with.waiting_max, peer_weight) {}

    // What the peer may have at most, as things are.
    [[nodiscard]] std::size_t capacity_of(Cid peer) const {
        return options.by_peer ? open.held_by(peer) + open.room_for(peer) : open.slots();
    }

    [[nodiscard]] bool may_open(Cid peer, Listener listener) const {
        const std::size_t capacity = capacity_of(peer);
        const std::size_t others = listeners - 1;
        // What is kept for each of the other listeners, if it can be one at least.
        const std::size_t kept =
            others == 0 || capacity <= others
                ? 0
                : std::max<std::size_t>(capacity / (listeners_part * others), 1);
        std::size_t used = kept * others;
        if (const auto held = open_at.find(peer); held != open_at.end())
            for (const auto& [at, count] : held->second)
                used += at == listener ? count : std::max(count, kept) - kept;
        return used < capacity;
    }

    void take_slot(Place& place) {
        open.take(place.peer);
        ++open_at[place.peer][place.listener];
        place.has_slot = true;
    }

    // Gives the place a slot or, if there is none for it, lets it wait for one.
    [[nodiscard]] bool admit(Place& place) {
        if (may_open(place.peer, place.listener)) {
            take_slot(place);
            return true;
        }
        if (!waiting.may_take(place.peer))
            return false;
        waiting.take(place.peer);
        queues[{place.peer, place.listener}].push_back(&place);
        tell_waiting(place.peer);
        return true;
    }

    void leave(Place& place) {
        if (closed)
            return;
        if (place.has_slot)
            give_back(place);
        else
            stop_waiting(place);
        changed.notify_all();
    }

    void give_back(const Place& place) {
        open.give_back(place.peer);
        const auto held = open_at.find(place.peer);
        if (--held->second[place.listener] == 0)
            held->second.erase(place.listener);
        if (held->second.empty())
            open_at.erase(held);
        const auto before = told.find(place.peer);
        if (before != told.end() && open.held_by(place.peer) < before->second.open / 10 * 9)
            told.erase(before);
        grant();
    }

    void stop_waiting(Place& place) {
        const auto queue = queues.find({place.peer, place.listener});
        std::erase(queue->second, &place);
        if (queue->second.empty())
            queues.erase(queue);
        waiting.give_back(place.peer);
    }

    // Whoever has the fewest slots comes first.
    void grant() {
        while (true) {
            auto next = queues.end();
            for (auto queue = queues.begin(); queue != queues.end(); ++queue)
                if (may_open(queue->first.first, queue->first.second) &&
                    (next == queues.end() ||
                     open.held_by(queue->first.first) < open.held_by(next->first.first)))
                    next = queue;
            if (next == queues.end())
                return;
            Place& place = *next->second.front();
            stop_waiting(place);
            take_slot(place);
            place.granted.notify_all();
        }
    }

    // Both are logged once an episode, which ends when clearly fewer connections wait.
    void tell_waiting(Cid peer) {
        if (!told.insert({peer, {open.held_by(peer), false}}).second)
            return;
        if (options.by_peer)
            log.warning("waiting",
                        "CID {} has {} of {} connections: further ones wait until one ends",
                        field("cid", peer), field("connections", open.held_by(peer)), open.slots());
        else
            log.warning("waiting", "{} connections are open: further ones wait until one ends",
                        field("connections", open.taken()));
    }
    void tell_refused(Cid peer) {
        if (!std::exchange(told[peer].refused, true))
            log.warning(
                "refusing",
                "CID {} has {} of {} connections and {} more wait: further ones are refused",
                field("cid", peer), field("connections", open.held_by(peer)), open.slots(),
                waiting.held_by(peer));
    }

    // Waits for a place to become free as long as there is patience left; whether one did.
    asio::awaitable<bool> place_freed(std::unique_lock<std::mutex>& lock) {
        const auto start = steady_clock::now();
        const auto grown = (start - patience_counted) / patience_part;
        patience = std::min<steady_clock::duration>(patience_max, patience + grown);
        const bool freed = co_await changed.wait(lock, start + patience);
        patience_counted = steady_clock::now();
        patience -= std::min(patience, patience_counted - start);
        co_return freed;
    }

    std::mutex mutex;
    SlotOptions options;
    Log& log;
    Shares<Cid> open;
    Shares<Cid> waiting;
    std::map<Cid, std::map<Listener, std::size_t>> open_at;
    std::map<Key, std::deque<Place*>> queues;
    struct Told {
        std::size_t open = 0;  // slots that the peer had then
        bool refused = false;
    };
    std::map<Cid, Told> told;
    std::size_t listeners = 0;
    bool closed = false;
    steady_clock::duration patience = patience_max;
    steady_clock::time_point patience_counted = steady_clock::now();
    LoopCondition changed;  // a place has become free
};

Slots::Slots(SlotOptions options, Log& log) : state_(std::make_shared<State>(options, log)) {}

// Connections that are left then belong to an event loop that has ended.
Slots::~Slots() {
    const std::lock_guard guard(state_->mutex);
    state_->closed = true;
}

Slots::Listener Slots::add_listener() {
    const std::lock_guard guard(state_->mutex);
    return state_->listeners++;
}

std::optional<Slots::Ticket> Slots::try_admit(Cid peer, Listener listener) {
    auto place = std::make_shared<Ticket::Place>(peer, listener);
    const std::lock_guard guard(state_->mutex);
    if (!state_->admit(*place))
        return std::nullopt;
    return Ticket(state_, std::move(place));
}

asio::awaitable<std::optional<Slots::Ticket>> Slots::admit(Cid peer, Listener listener) {
    const auto state = state_;
    const auto cancellation = co_await asio::this_coro::cancellation_state;
    auto place = std::make_shared<Ticket::Place>(peer, listener);
    std::unique_lock lock(state->mutex);
    while (!state->admit(*place)) {
        const bool freed = co_await state->place_freed(lock);
        if (freed)
            continue;
        if (cancellation.cancelled() == asio::cancellation_type::none)
            state->tell_refused(peer);
        co_return std::nullopt;
    }
    co_return Ticket(state, std::move(place));
}

asio::awaitable<std::optional<Slots::Ticket>> Slots::admit_late(Cid peer, Listener listener) {
    const auto state = state_;
    const auto cancellation = co_await asio::this_coro::cancellation_state;
    auto place = std::make_shared<Ticket::Place>(peer, listener);
    std::unique_lock lock(state->mutex);
    while (!state->admit(*place)) {
        co_await state->changed.wait(lock);
        if (cancellation.cancelled() != asio::cancellation_type::none)
            co_return std::nullopt;
    }
    co_return Ticket(state, std::move(place));
}

bool Slots::has_room(Listener listener) const {
    const std::lock_guard guard(state_->mutex);
    return state_->may_open({}, listener);
}

asio::awaitable<void> Slots::room(Listener listener) {
    const auto state = state_;
    const auto cancellation = co_await asio::this_coro::cancellation_state;
    std::unique_lock lock(state->mutex);
    while (!state->may_open({}, listener) &&
           cancellation.cancelled() == asio::cancellation_type::none) {
        state->tell_waiting({});
        co_await state->changed.wait(lock);
    }
}

Slots::Ticket::Ticket(std::shared_ptr<State> state, std::shared_ptr<Place> place)
    : state_(std::move(state)), place_(std::move(place)) {}

Slots::Ticket::Ticket(Ticket&&) noexcept = default;

Slots::Ticket::~Ticket() {
    if (!place_)
        return;
    const std::lock_guard guard(state_->mutex);
    state_->leave(*place_);
    place_->granted.notify_all();
}

bool Slots::Ticket::has_slot() const {
    const std::lock_guard guard(state_->mutex);
    return place_->has_slot;
}

asio::awaitable<bool> Slots::Ticket::slot() {
    // The ticket may end while somebody waits here.
    const auto state = state_;
    const auto place = place_;
    std::unique_lock lock(state->mutex);
    if (!place->has_slot)
        co_await place->granted.wait(lock);
    co_return place->has_slot;
}

}  // namespace glovebox::core
