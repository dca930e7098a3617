// SPDX-License-Identifier: Apache-2.0

// Which peers are seen to be gone, and which are not although they are silent.
#include "core/stream/peer_presence.h"

#include <gtest/gtest.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <string>

#include "core/testing/closed_connections.h"
#include "core/testing/relay_fixture.h"

namespace glovebox::core {
namespace {

using namespace std::chrono_literals;

class PeerPresence : public testing::Test {
  protected:
    // Whether it becomes true within a second: the kernel tells of a peer's close a little later.
    template <class Question>
    bool eventually(Question question) {
        const auto end = std::chrono::steady_clock::now() + 1s;
        while (!question() && std::chrono::steady_clock::now() < end)
            pass(1ms);
        return question();
    }
    void pass(std::chrono::milliseconds time) { asio::steady_timer(context_, time).wait(); }
    static int option(Stream& stream, int level, int name) {
        int value = -1;
        socklen_t size = sizeof value;
        ::getsockopt(stream.native_handle(), level, name, &value, &size);
        return value;
    }
    // From now on the stream's kernel drops every segment that arrives for it.
    static void make_deaf(Stream& stream) {
        sock_filter drop = BPF_STMT(BPF_RET | BPF_K, 0);
        const sock_fprog program{1, &drop};
        const int attached = ::setsockopt(stream.native_handle(), SOL_SOCKET, SO_ATTACH_FILTER,
                                          &program, sizeof program);
        if (attached != 0 && errno == EPERM)
            GTEST_SKIP() << "this kernel lets only root attach a filter to a socket (EPERM)";
        ASSERT_EQ(attached, 0);
    }
    static void fill(Stream& stream) {
        const std::string piece(65536, 'x');
        while (::send(stream.native_handle(), piece.data(), piece.size(), MSG_DONTWAIT) > 0) {
        }
    }

    asio::io_context context_;
    std::pair<Stream, Stream> tcp_ = tcp_pair(context_.get_executor());
    std::pair<Stream, Stream> unix_ = stream_pair(context_.get_executor());
};

TEST_F(PeerPresence, TcpStreamsAreKnown) {
    EXPECT_TRUE(is_tcp(tcp_.first));
    EXPECT_FALSE(is_tcp(unix_.first));
}

TEST_F(PeerPresence, KeepAliveFindsADeadPeerInAMinute) {
    Stream& watched = tcp_.first;
    EXPECT_EQ(option(watched, SOL_SOCKET, SO_KEEPALIVE), 0);
    watch_by_keep_alive(watched.native_handle());
    EXPECT_EQ(option(watched, SOL_SOCKET, SO_KEEPALIVE), 1);
    EXPECT_EQ(
        option(watched, IPPROTO_TCP, TCP_KEEPIDLE) +
            option(watched, IPPROTO_TCP, TCP_KEEPINTVL) * option(watched, IPPROTO_TCP, TCP_KEEPCNT),
        60);
}

TEST_F(PeerPresence, AnEndIsSeenBehindBytesThatWereNotRead) {
    for (auto* pair : {&tcp_, &unix_}) {
        EXPECT_FALSE(has_ended(pair->first));
        run(context_, write_all(pair->second, "unread")).value();
        EXPECT_FALSE(has_ended(pair->first));
        pair->second.shutdown_send();
        EXPECT_TRUE(eventually([&] { return has_ended(pair->first); }));
    }
}

TEST_F(PeerPresence, APeerThatEndedItsHalfHasNotLeft) {
    for (auto* pair : {&tcp_, &unix_}) {
        pair->second.shutdown_send();
        EXPECT_TRUE(eventually([&] { return has_ended(pair->first); }));
        EXPECT_FALSE(has_left(pair->first));
    }
}

TEST_F(PeerPresence, APeerThatClosedHasLeft) {
    if (!remembers_closed_connections())
        GTEST_SKIP() << closed_connections_are_forgotten;
    for (auto* pair : {&tcp_, &unix_}) {
        EXPECT_FALSE(has_left(pair->first));
        pair->second.close();
        EXPECT_TRUE(eventually([&] { return has_left(pair->first); }));
    }
}

TEST_F(PeerPresence, APeerThatIsHeldByAnotherProcessToo) {
    if (!remembers_closed_connections())
        GTEST_SKIP() << closed_connections_are_forgotten;
    const int again = ::dup(tcp_.second.native_handle());
    tcp_.second.shutdown_send();
    tcp_.second.close();
    EXPECT_TRUE(eventually([&] { return has_ended(tcp_.first); }));
    EXPECT_FALSE(has_left(tcp_.first));
    ::close(again);
    EXPECT_TRUE(eventually([&] { return has_left(tcp_.first); }));
}

TEST_F(PeerPresence, OverIpv6Too) {
    if (!remembers_closed_connections())
        GTEST_SKIP() << closed_connections_are_forgotten;
    asio::ip::tcp::acceptor acceptor(context_);
    boost::system::error_code failure;
    acceptor.open(asio::ip::tcp::v6(), failure);
    if (!failure)
        acceptor.bind({asio::ip::address_v6::loopback(), 0}, failure);
    if (failure)
        GTEST_SKIP() << "no IPv6 on this machine: " << failure.message();
    acceptor.listen();
    asio::ip::tcp::socket client(context_);
    client.connect(acceptor.local_endpoint());
    Stream server = stream_of(acceptor.accept());
    client.shutdown(asio::socket_base::shutdown_send);
    EXPECT_TRUE(eventually([&] { return has_ended(server); }));
    EXPECT_FALSE(has_left(server));
    client.close();
    EXPECT_TRUE(eventually([&] { return has_left(server); }));
}

TEST_F(PeerPresence, APeerThatReadsNothingButAnswersIsNotDead) {
    fill(tcp_.first);
    pass(30ms);
    EXPECT_FALSE(is_dead(tcp_.first, 10s));
    EXPECT_FALSE(is_dead(unix_.first, 1ms));
}

TEST_F(PeerPresence, APeerThatAcknowledgesNothingIsDead) {
    make_deaf(tcp_.second);
    if (IsSkipped())
        return;
    pass(30ms);
    EXPECT_FALSE(is_dead(tcp_.first, 10ms)) << "nothing waits for it";
    run(context_, write_all(tcp_.first, "anybody?")).value();
    EXPECT_TRUE(eventually([&] { return is_dead(tcp_.first, 10ms); }));
}

}  // namespace
}  // namespace glovebox::core
