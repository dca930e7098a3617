// SPDX-License-Identifier: Apache-2.0

// Notices of resets over a channel of their own.
#include "core/relay/hop_resets.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <string>
#include <utility>
#include <vector>

#include "core/stream/stream_io.h"
#include "core/testing/memory_transport.h"
#include "core/testing/run.h"

namespace glovebox::core {
namespace {

namespace asio = boost::asio;
using namespace std::string_literals;

// The smallest buffer that there is.
void send_little_at_once(Stream& stream) {
    const int size = 1;
    ASSERT_EQ(::setsockopt(stream.native_handle(), SOL_SOCKET, SO_SNDBUF, &size, sizeof size), 0);
}

class HopResetsTest : public testing::Test {
  protected:
    // Joins the two sides by a channel.
    void join() {
        auto [left, right] = stream_pair(context_.get_executor());
        send_little_at_once(left);
        spawn(context_, HopResets::serve(near_, std::move(left)));
        spawn(context_, HopResets::serve(far_, std::move(right)));
        settle();
    }
    // The near side's channel, whose other end the test holds.
    Stream open_channel() {
        auto [ours, theirs] = stream_pair(context_.get_executor());
        spawn(context_, HopResets::serve(near_, std::move(ours)));
        settle();
        return std::move(theirs);
    }
    void settle() {
        context_.restart();
        while (context_.poll() > 0) {
        }
    }

    asio::io_context context_;
    std::shared_ptr<HopResets> near_ = std::make_shared<HopResets>();
    std::shared_ptr<HopResets> far_ = std::make_shared<HopResets>();
};

TEST_F(HopResetsTest, AResetIsHeardOfTheConnectionThatItWasToldOf) {
    join();
    const auto told = near_->watch(7000);
    const auto heard = far_->watch(7000);
    const auto other = far_->watch(7001);
    EXPECT_FALSE(heard->heard());
    // At once: whoever reads the end of the stream asks before the event loop has had its turn.
    bool was_heard = false;
    asio::post(context_, [&] {
        told->reset(UniqueFd());
        was_heard = heard->heard();
    });
    settle();
    EXPECT_TRUE(was_heard);
    EXPECT_TRUE(heard->heard());
    EXPECT_FALSE(other->heard());
    EXPECT_FALSE(told->heard());
}

TEST_F(HopResetsTest, ANoticeThatCameBeforeIsKept) {
    join();
    const auto heard = far_->watch(7000);
    near_->watch(7000)->reset(UniqueFd());
    settle();
    EXPECT_TRUE(heard->heard());
}

TEST_F(HopResetsTest, ANoticeMayOvertakeItsConnection) {
    join();
    near_->watch(7000)->reset(UniqueFd());
    settle();
    EXPECT_TRUE(far_->watch(7000)->heard());
    EXPECT_FALSE(far_->watch(7000)->heard()) << "it was for one connection";
}

TEST_F(HopResetsTest, ANewConnectionOfTheSamePortKnowsNothingOfTheOld) {
    join();
    auto heard = far_->watch(7000);
    near_->watch(7000)->reset(UniqueFd());
    settle();
    EXPECT_TRUE(heard->heard());
    heard.reset();
    EXPECT_FALSE(far_->watch(7000)->heard());
}

TEST_F(HopResetsTest, WithoutAChannelNothingIsHeard) {
    near_->watch(7000)->reset(UniqueFd());
    EXPECT_FALSE(far_->watch(7000)->heard());
    EXPECT_EQ(near_->channels(), 0U);
}

TEST_F(HopResetsTest, APortThatDoesNotNameOneConnectionIsNotWatched) {
    EXPECT_EQ(near_->watch(port_any), nullptr);
    const auto first = near_->watch(7000);
    EXPECT_EQ(near_->watch(7000), nullptr);
}

// More than a socket takes at once: those connections end later, and none before its notice.
TEST_F(HopResetsTest, ManyResetsAtOnceAreAllHeardBeforeTheirConnectionsEnd) {
    constexpr Port first = 1024;
    constexpr Port count = 300;
    join();
    std::vector<std::unique_ptr<ResetNotice>> heard;
    std::vector<Stream> ends;
    for (Port port = first; port < first + count; ++port) {
        auto [ours, theirs] = stream_pair(context_.get_executor());
        heard.push_back(far_->watch(port));
        ends.push_back(std::move(theirs));
        near_->watch(port)->reset(ours.release());
    }
    for (Port i = count; i-- > 0;) {
        std::array<char, 1> none;
        EXPECT_EQ(run(context_, read_some(ends[i], none)).value(), 0U);
        EXPECT_TRUE(heard[i]->heard()) << i;
    }
    EXPECT_EQ(near_->channels(), 1U);
}

TEST_F(HopResetsTest, WhatIsNotYetToldIsToldBeforeAChannelIsClosed) {
    constexpr Port count = 300;
    auto [left, right] = stream_pair(context_.get_executor());
    send_little_at_once(left);
    asio::cancellation_signal stop;
    asio::co_spawn(context_, HopResets::serve(near_, std::move(left)),
                   asio::bind_cancellation_slot(stop.slot(), asio::detached));
    settle();
    for (Port port = 1024; port < 1024 + count; ++port)
        near_->watch(port)->reset(UniqueFd());
    stop.emit(asio::cancellation_type::terminal);
    settle();
    std::array<char, 4096> buffer;
    std::size_t total = 0;
    while (const std::size_t got = run(context_, read_some(right, buffer)).value())
        total += got;
    EXPECT_EQ(total, count * sizeof(Port));
}

TEST_F(HopResetsTest, ANoticeMayComeInPieces) {
    Stream far = open_channel();
    const auto heard = near_->watch(0x01020304);
    run(context_, write_all(far, "\x01\x02"s)).value();
    EXPECT_FALSE(heard->heard());
    run(context_, write_all(far, "\x03\x04\x01"s)).value();
    EXPECT_TRUE(heard->heard());
}

TEST_F(HopResetsTest, AChannelGoesWhenItsPeerDoes) {
    Stream far = open_channel();
    EXPECT_EQ(near_->channels(), 1U);
    far.close();
    settle();
    EXPECT_EQ(near_->channels(), 0U);
}

TEST_F(HopResetsTest, APeerThatDoesNotReadLosesItsChannelAndHoldsUpNobody) {
    Stream far = open_channel();
    auto [ours, theirs] = stream_pair(context_.get_executor());
    for (Port port = 1024; port < 5'000; ++port)
        near_->watch(port)->reset(UniqueFd());
    near_->watch(7000)->reset(ours.release());
    std::array<char, 1> none;
    EXPECT_EQ(run(context_, read_some(theirs, none)).value(), 0U);
    settle();
    EXPECT_EQ(near_->channels(), 0U);
}

TEST(ResetPort, IsAnotherPortForEachPort) {
    EXPECT_EQ(reset_port(8000), 8000U ^ 0x52535400U);
    EXPECT_EQ(reset_port(*reset_port(8000)), 8000U);
    EXPECT_FALSE(reset_port(port_any));
    EXPECT_FALSE(reset_port(port_any ^ 0x52535400U));
    EXPECT_FALSE(reset_port(80U ^ 0x52535400U));
}

TEST(ResetPort, IsToldFromThePortsThatProgramsDial) {
    for (const Port port : {1U, 8000U, 65535U, 100000U, 0xffffffU}) {
        EXPECT_TRUE(is_reset_port(*reset_port(port))) << port;
        EXPECT_FALSE(is_reset_port(port)) << port;
    }
    for (const Port port : {0x51ffffffU, 0x53000000U, 0x7fffffffU, port_any})
        EXPECT_FALSE(is_reset_port(port)) << port;
}

}  // namespace
}  // namespace glovebox::core
