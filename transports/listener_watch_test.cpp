// SPDX-License-Identifier: Apache-2.0

#include "transports/listener_watch.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstring>
#include <thread>

#include "core/base/testing/temporary_directory.h"

namespace glovebox::transports {
namespace {

using namespace std::chrono_literals;
using core::VsockAddress;

class ListenerWatchTest : public testing::Test {
  protected:
    static UniqueFd stream_socket() {
        return UniqueFd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    }

    bool is_woken() {
        pollfd watched{watch_.fd(), POLLIN, 0};
        return ::poll(&watched, 1, 0) == 1;
    }

    TemporaryDirectory scratch_;
    std::string path_ = scratch_ / "world";
    std::unique_ptr<World> world_ = World::open(path_).value();
    ListenerWatch watch_ = ListenerWatch::make(*world_).value();
};

TEST_F(ListenerWatchTest, ABoundSocketDoesNotListenYet) {
    const UniqueFd socket = stream_socket();
    ASSERT_TRUE(world_->bind(socket.get(), {16, 5005}));
    EXPECT_TRUE(is_woken());
    EXPECT_FALSE(watch_.is_listening({16, 5005}));
    EXPECT_TRUE(world_->listeners().empty());
    EXPECT_FALSE(watch_.wait({16, 5005}, 0ms));
}

TEST_F(ListenerWatchTest, IsWokenWhenTheSocketListens) {
    const UniqueFd socket = stream_socket();
    ASSERT_TRUE(world_->bind(socket.get(), {16, 5005}));
    (void)watch_.is_listening({16, 5005});
    ASSERT_FALSE(is_woken());
    ASSERT_EQ(::listen(socket.get(), 1), 0);
    world_->mark_listening(socket.get());
    EXPECT_TRUE(is_woken());
    EXPECT_TRUE(watch_.is_listening({16, 5005}));
    EXPECT_EQ(world_->listeners(), (std::vector<VsockAddress>{{16, 5005}}));
}

TEST_F(ListenerWatchTest, WaitsForAnotherThreadsListener) {
    UniqueFd socket = stream_socket();
    std::thread other([&] {
        ASSERT_TRUE(world_->bind(socket.get(), {16, 5005}));
        ASSERT_EQ(::listen(socket.get(), 1), 0);
        world_->mark_listening(socket.get());
    });
    EXPECT_TRUE(watch_.wait({16, 5005}, 60s));
    other.join();
}

// socat and curl know nothing of the world's modes.
TEST_F(ListenerWatchTest, AForeignListenerCountsOnceItsNameIsThere) {
    const UniqueFd socket = stream_socket();
    sockaddr_un name{};
    name.sun_family = AF_UNIX;
    std::strncpy(name.sun_path, (path_ + "/3.9000").c_str(), sizeof name.sun_path - 1);
    ASSERT_EQ(::bind(socket.get(), reinterpret_cast<sockaddr*>(&name), sizeof name), 0);
    EXPECT_TRUE(watch_.is_listening({3, 9000}));
}

TEST_F(ListenerWatchTest, AKilledProcessesNameIsNoListener) {
    {
        const UniqueFd socket = stream_socket();
        ASSERT_TRUE(world_->bind(socket.get(), {16, 5005}));
        ASSERT_EQ(::listen(socket.get(), 1), 0);
        world_->mark_listening(socket.get());
    }
    EXPECT_FALSE(watch_.is_listening({16, 5005}));
    EXPECT_TRUE(world_->listeners().empty());
}

}  // namespace
}  // namespace glovebox::transports
