// SPDX-License-Identifier: Apache-2.0

#include "core/stream/readiness.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "core/stream/asio_result.h"
#include "core/stream/stream.h"
#include "core/testing/memory_transport.h"
#include "core/testing/run.h"

namespace glovebox::core {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using Event = Readiness::Event;

// Counts its calls.
class Caller : public Readiness::Waiter {
  public:
    virtual ~Caller() = default;

    void on_ready(error_code failure) override { calls.push_back(failure); }
    void on_abandoned() override { ++abandoned; }

    std::vector<error_code> calls;
    int abandoned = 0;
};

class ReadinessTest : public testing::Test {
  protected:
    void settle() {
        context_.restart();
        while (context_.poll() > 0) {
        }
    }
    static void say(Stream& stream, std::string_view text) {
        ASSERT_EQ(::send(stream.native_handle(), text.data(), text.size(), MSG_NOSIGNAL),
                  static_cast<ssize_t>(text.size()));
    }
    static void fill(Stream& stream) {
        const std::vector<char> bytes(65536);
        while (::send(stream.native_handle(), bytes.data(), bytes.size(),
                      MSG_DONTWAIT | MSG_NOSIGNAL) > 0) {
        }
    }
    static void drain(Stream& stream) {
        std::vector<char> bytes(65536);
        while (::recv(stream.native_handle(), bytes.data(), bytes.size(), MSG_DONTWAIT) > 0) {
        }
    }

    asio::io_context context_;
    std::pair<Stream, Stream> pair_ = stream_pair(context_.get_executor());
    Readiness::Watch& watch_ = pair_.first.watch();
};

TEST_F(ReadinessTest, AnEventIsKeptUntilItIsUsedUp) {
    Caller caller;
    watch_.wait(Event::readable, caller);
    settle();
    EXPECT_TRUE(caller.calls.empty());
    say(pair_.second, "x");
    settle();
    EXPECT_EQ(caller.calls, std::vector{error_code()});
    EXPECT_TRUE(watch_.is(Event::readable));
    watch_.clear(Event::readable);
    watch_.wait(Event::readable, caller);
    settle();
    EXPECT_EQ(caller.calls.size(), 1U) << "nothing new came";
    say(pair_.second, "y");
    settle();
    EXPECT_EQ(caller.calls.size(), 2U);
}

TEST_F(ReadinessTest, WhatComesBetweenAnEmptyReadAndTheWaitIsNotMissed) {
    Caller caller;
    watch_.clear(Event::readable);
    say(pair_.second, "x");
    watch_.wait(Event::readable, caller);
    settle();
    EXPECT_EQ(caller.calls.size(), 1U);
}

TEST_F(ReadinessTest, RoomThatCameBeforeTheWaitIsNotMissed) {
    Caller caller;
    fill(pair_.first);
    watch_.clear(Event::writable);
    drain(pair_.second);
    watch_.wait(Event::writable, caller);
    settle();
    EXPECT_EQ(caller.calls.size(), 1U);
    EXPECT_TRUE(watch_.is(Event::writable));
}

TEST_F(ReadinessTest, RoomIsWaitedForAgainAndAgain) {
    for (int i = 0; i < 3; ++i) {
        Caller caller;
        fill(pair_.first);
        watch_.clear(Event::writable);
        watch_.wait(Event::writable, caller);
        settle();
        EXPECT_TRUE(caller.calls.empty());
        drain(pair_.second);
        settle();
        EXPECT_EQ(caller.calls.size(), 1U);
    }
}

TEST_F(ReadinessTest, APeersEndOfFileIsKnownWithItsLastBytes) {
    EXPECT_FALSE(watch_.peer_has_ended());
    Caller caller;
    say(pair_.second, "x");
    pair_.second.shutdown_send();
    watch_.wait(Event::readable, caller);
    settle();
    EXPECT_TRUE(watch_.peer_has_ended());
    EXPECT_FALSE(watch_.is(Event::hung_up));
    pair_.second.close();
    watch_.wait(Event::hung_up, caller);
    settle();
    EXPECT_TRUE(watch_.is(Event::hung_up));
    EXPECT_EQ(caller.calls.size(), 2U);
}

TEST_F(ReadinessTest, ACloseEndsEveryWait) {
    Caller reader;
    Caller writer;
    watch_.wait(Event::readable, reader);
    watch_.clear(Event::writable);
    fill(pair_.first);
    watch_.wait(Event::writable, writer);
    pair_.first.close();
    const std::vector<error_code> aborted{asio::error::operation_aborted};
    EXPECT_EQ(reader.calls, aborted);
    EXPECT_EQ(writer.calls, aborted);
    EXPECT_EQ(run(context_, pair_.first.ready(Event::readable)), asio::error::operation_aborted);
}

// The kernel goes on telling of a socket that another process, or a copy of the number, still has.
TEST_F(ReadinessTest, EventsOfAClosedSocketReachNobodyElse) {
    const UniqueFd copy(::dup(pair_.first.native_handle()));
    settle();
    pair_.first.close();
    Caller caller;
    auto [near, far] = stream_pair(context_.get_executor());  // in the place that is free now
    near.watch().wait(Event::readable, caller);
    say(pair_.second, "for the copy");
    pair_.second.close();
    settle();
    EXPECT_TRUE(caller.calls.empty());
    EXPECT_FALSE(near.watch().is(Event::hung_up));
}

// Two sockets are ready at once, and the waiter that is called first closes the other.
TEST_F(ReadinessTest, AWaiterMayCloseTheSocketThatIsNext) {
    class Closer final : public Caller {
      public:
        explicit Closer(Stream& other) : other_(other) {}
        void on_ready(error_code failure) override {
            Caller::on_ready(failure);
            if (!failure)
                other_.close();
        }

      private:
        Stream& other_;
    };
    auto [near, far] = stream_pair(context_.get_executor());
    Closer first(near);
    Closer second(pair_.first);
    watch_.wait(Event::readable, first);
    near.watch().wait(Event::readable, second);
    say(pair_.second, "x");
    say(far, "y");
    settle();
    EXPECT_EQ(first.calls.size() + second.calls.size(), 2U);
    EXPECT_NE(first.calls.front(), second.calls.front()) << "one was closed, the other ready";
}

TEST_F(ReadinessTest, TheLoopEndsWhenNobodyWaits) {
    Caller caller;
    watch_.wait(Event::readable, caller);
    context_.restart();
    EXPECT_EQ(context_.run_for(std::chrono::milliseconds(1)), 0U);
    EXPECT_FALSE(context_.stopped()) << "somebody waits";
    watch_.cancel(Event::readable);
    context_.restart();
    context_.run();
    EXPECT_EQ(caller.calls.size(), 1U);
}

TEST_F(ReadinessTest, ACoroutinesWaitCanBeCancelled) {
    asio::cancellation_signal stop;
    std::optional<error_code> ended;
    asio::co_spawn(
        context_,
        [](Stream& stream, std::optional<error_code>& end) -> asio::awaitable<void> {
            co_await asio::this_coro::throw_if_cancelled(false);
            end = co_await stream.ready(Event::readable);
        }(pair_.first, ended),
        asio::bind_cancellation_slot(stop.slot(), [](const std::exception_ptr&) {}));
    settle();
    EXPECT_FALSE(ended);
    stop.emit(asio::cancellation_type::terminal);
    settle();
    EXPECT_EQ(ended, asio::error::operation_aborted);
}

TEST(ReadinessOfALoop, WaitersThatAreLeftWhenItIsDestroyed) {
    auto context = std::make_unique<asio::io_context>();
    auto pair = stream_pair(context->get_executor());
    Caller caller;
    pair.first.watch().wait(Event::readable, caller);
    std::weak_ptr<int> held;
    asio::co_spawn(
        *context,
        [](Stream stream, std::weak_ptr<int>& inside) -> asio::awaitable<void> {
            const auto owned = std::make_shared<int>(0);
            inside = owned;
            (void)co_await stream.ready(Event::readable);
        }(std::move(pair.second), held),
        [](const std::exception_ptr&) {});
    context->poll();
    EXPECT_FALSE(held.expired());
    pair.first.watch().cancel(Event::readable);
    pair.first.watch().wait(Event::readable, caller);
    pair.first = Stream();
    context.reset();
    EXPECT_TRUE(held.expired()) << "a coroutine's frame is left";
    EXPECT_EQ(caller.calls.size(), 2U);
    EXPECT_EQ(caller.abandoned, 0);
}

}  // namespace
}  // namespace glovebox::core
