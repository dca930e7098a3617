// SPDX-License-Identifier: Apache-2.0

// Who gets a slot, who waits and who is refused.
#include "core/loop/slots.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <list>
#include <optional>
#include <vector>

#include "core/testing/memory_log.h"
#include "core/testing/run.h"

namespace glovebox::core {
namespace {

namespace asio = boost::asio;
using testing::Contains;
using testing::HasSubstr;

constexpr Cid greedy = 16;
constexpr Cid modest = 18;

class SlotsTest : public testing::Test {
  protected:
    void start(SlotOptions options, Slots::Listener listeners = 1) {
        slots_.emplace(options, log_);
        for (Slots::Listener listener = 0; listener < listeners; ++listener)
            EXPECT_EQ(slots_->add_listener(), listener);
    }

    // A connection from its acceptance on: where it stands is seen from outside.
    struct Connection {
        std::optional<Slots::Ticket> ticket;
        bool asked = false;
        bool open = false;
    };
    using Place = std::list<Connection>::iterator;

    Place connect(Cid peer, Slots::Listener listener = 0) {
        const auto place = connections_.emplace(connections_.end());
        spawn(
            context_,
            [](Slots& slots, Cid from, Slots::Listener at, Connection& c) -> asio::awaitable<void> {
                auto ticket = co_await slots.admit(from, at);
                c.asked = true;
                if (!ticket)
                    co_return;
                c.ticket.emplace(std::move(*ticket));
                c.open = co_await c.ticket->slot();
            }(*slots_, peer, listener, *place));
        settle();
        return place;
    }
    // How many of so many connections are open at once.
    int connect_many(int count, Cid peer, Slots::Listener listener = 0) {
        int open = 0;
        for (int i = 0; i < count; ++i)
            open += connect(peer, listener)->open ? 1 : 0;
        return open;
    }
    void end(Place place) {
        place->ticket.reset();
        settle();
    }
    void settle() {
        context_.restart();
        while (context_.poll() > 0) {
        }
    }
    // Until a connection knows whether it is admitted: an accept loop may wait a moment.
    void wait_for(Place place) {
        const auto deadline = std::chrono::steady_clock::now() + test_patience;
        context_.restart();
        while (!place->asked && context_.run_one_until(deadline) > 0) {
        }
        ASSERT_TRUE(place->asked);
    }

    asio::io_context context_;
    MemoryLog log_;
    std::list<Connection> connections_;
    std::optional<Slots> slots_;
};

TEST_F(SlotsTest, AGreedyPeerLeavesSlotsForOthers) {
    start({.open_max = 80, .waiting_max = 80});
    EXPECT_EQ(connect_many(80, greedy), 70);
    EXPECT_TRUE(connect(modest)->open);
    EXPECT_TRUE(connect(17)->open);
}

TEST_F(SlotsTest, AGreedyListenerLeavesSlotsForOthersOfTheSamePeer) {
    start({.open_max = 80, .waiting_max = 80}, 3);
    EXPECT_EQ(connect_many(80, greedy, 0), 70 - 2 * 4);
    EXPECT_EQ(connect_many(80, greedy, 1), 4);
    EXPECT_EQ(connect_many(80, greedy, 2), 4);
    for (const Slots::Listener listener : {0, 1, 2})
        EXPECT_TRUE(connect(modest, listener)->open);
}

TEST_F(SlotsTest, FewSlotsAreSharedTooAsFarAsTheyGo) {
    start({.open_max = 3, .waiting_max = 8}, 2);
    EXPECT_EQ(connect_many(3, greedy, 0), 1);
    EXPECT_EQ(connect_many(3, greedy, 1), 1);
    EXPECT_EQ(connect_many(3, modest, 0), 1);
}

TEST_F(SlotsTest, TheOnlySlotIsForWhoeverComes) {
    start({.open_max = 1, .waiting_max = 8}, 2);
    const Place first = connect(greedy, 1);
    EXPECT_TRUE(first->open);
    const Place second = connect(modest, 0);
    EXPECT_FALSE(second->open);
    end(first);
    EXPECT_TRUE(second->open);
}

TEST_F(SlotsTest, WhoWaitsIsServedInTurnAndWhoHasLeastComesFirst) {
    start({.open_max = 3, .waiting_max = 16});
    const Place first = connect(greedy);
    const Place second = connect(greedy);
    const Place third = connect(modest);
    EXPECT_TRUE(first->open && second->open && third->open);
    const Place greedys = connect(greedy);
    const Place greedys_next = connect(greedy);
    const Place newcomers = connect(17);
    EXPECT_FALSE(greedys->open || newcomers->open);
    end(first);
    EXPECT_TRUE(newcomers->open);
    EXPECT_FALSE(greedys->open);
    end(second);
    EXPECT_TRUE(greedys->open);
    EXPECT_FALSE(greedys_next->open);
}

TEST_F(SlotsTest, OneThatNoLongerWaitsIsPassedOver) {
    start({.open_max = 2, .waiting_max = 16});
    const Place first = connect(greedy);
    const Place gone = connect(greedy);
    const Place next = connect(greedy);
    end(gone);
    end(first);
    EXPECT_TRUE(next->open);
}

TEST_F(SlotsTest, PlacesToWaitAreSharedAsWell) {
    start({.open_max = 8, .waiting_max = 8});
    connect_many(7 + 7, greedy);
    const Place refused = connect(greedy);
    wait_for(refused);
    EXPECT_FALSE(refused->ticket);
    EXPECT_TRUE(connect(modest)->open);
    const Place waiting = connect(modest);
    EXPECT_TRUE(waiting->ticket && !waiting->open);
}

TEST_F(SlotsTest, OneIsRefusedOnlyWhenNothingEndsForAMoment) {
    start({.open_max = 8, .waiting_max = 8});
    const Place first = connect(greedy);
    connect_many(6 + 7, greedy);
    const Place late = connect(greedy);
    EXPECT_FALSE(late->asked);
    end(first);
    wait_for(late);
    EXPECT_TRUE(late->ticket);
    // All patience of the moment is used up once: further ones are refused at once.
    wait_for(connect(greedy));
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < 100; ++i) {
        const Place refused = connect(greedy);
        wait_for(refused);
        EXPECT_FALSE(refused->ticket);
    }
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(20))
        << "a peer in the backlog behind them waits for each";
}

TEST_F(SlotsTest, TheLogTellsOncePerEpisode) {
    start({.open_max = 80, .waiting_max = 8});
    std::vector<Place> open;
    for (int i = 0; i < 70; ++i)
        open.push_back(connect(greedy));
    connect_many(7, greedy);
    for (int i = 0; i < 3; ++i)
        wait_for(connect(greedy));
    EXPECT_THAT(log_.lines(),
                testing::ElementsAre("warning: CID 16 has 70 of 80 connections: further ones wait "
                                     "until one ends",
                                     "warning: CID 16 has 70 of 80 connections and 7 more wait: "
                                     "further ones are refused"));
    for (const Place place : open)
        end(place);
    EXPECT_EQ(connect_many(64, greedy), 63) << "the 7 that waited have slots";
    EXPECT_EQ(log_.lines().size(), 3U);
}

TEST_F(SlotsTest, WithoutPeersAListenersShareIsAllThatThereIs) {
    start({.open_max = 8, .waiting_max = 8, .by_peer = false});
    EXPECT_EQ(connect_many(8, 0), 8);
    start({.open_max = 8, .waiting_max = 8, .by_peer = false}, 2);
    EXPECT_EQ(connect_many(9, 0, 0), 7);
    EXPECT_EQ(connect_many(1, 0, 1), 1);
    EXPECT_THAT(log_.lines(), Contains(HasSubstr("7 connections are open: further ones wait")));
}

TEST_F(SlotsTest, AListenerMayWaitForRoomBeforeItAccepts) {
    start({.open_max = 1, .waiting_max = 8, .by_peer = false});
    const Place first = connect(0);
    bool has_room = false;
    spawn(context_, [](Slots& slots, bool& done) -> asio::awaitable<void> {
        co_await slots.room(0);
        done = true;
    }(*slots_, has_room));
    settle();
    EXPECT_FALSE(has_room);
    end(first);
    EXPECT_TRUE(has_room);
}

TEST_F(SlotsTest, WaitingIsCalledOffByCancellation) {
    start({.open_max = 1, .waiting_max = 1});
    EXPECT_TRUE(connect(greedy)->open);
    const Place waiting = connect(greedy);
    asio::cancellation_signal stop;
    bool admitted = true;
    asio::co_spawn(
        context_, slots_->admit(greedy, 0),
        asio::bind_cancellation_slot(
            stop.slot(), [&](const std::exception_ptr&, std::optional<Slots::Ticket> ticket) {
                admitted = ticket.has_value();
            }));
    settle();
    EXPECT_TRUE(admitted);
    stop.emit(asio::cancellation_type::terminal);
    settle();
    EXPECT_FALSE(admitted);
    EXPECT_FALSE(waiting->open);
}

TEST_F(SlotsTest, TicketsMayOutliveTheSlots) {
    start({.open_max = 1, .waiting_max = 8});
    const Place first = connect(greedy);
    const Place second = connect(greedy);
    slots_.reset();
    end(first);
    end(second);
}

}  // namespace
}  // namespace glovebox::core
