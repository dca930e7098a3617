// SPDX-License-Identifier: Apache-2.0

#include "core/stream/acceptor.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <cstring>
#include <optional>
#include <utility>
#include <vector>

#include "core/testing/run.h"

namespace glovebox::core {
namespace {

namespace asio = boost::asio;

class AcceptorTest : public testing::Test {
  protected:
    AcceptorTest() {
        UniqueFd socket(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
        address_.sin_family = AF_INET;
        address_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address_;
        EXPECT_EQ(::bind(socket.get(), generic(), size), 0);
        EXPECT_EQ(::listen(socket.get(), 100), 0);
        EXPECT_EQ(::getsockname(socket.get(), generic(), &size), 0);
        acceptor_.emplace(
            std::move(Acceptor::make(context_.get_executor(), std::move(socket)).value()));
    }
    sockaddr* generic() { return reinterpret_cast<sockaddr*>(&address_); }
    UniqueFd connect() {
        UniqueFd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        EXPECT_EQ(::connect(socket.get(), generic(), sizeof address_), 0);
        return socket;
    }

    asio::io_context context_;
    sockaddr_in address_{};
    std::optional<Acceptor> acceptor_;
};

TEST_F(AcceptorTest, TellsWhoConnectedAndPassesTheSocketToNoProgram) {
    const UniqueFd client = connect();
    sockaddr_in own{};
    socklen_t size = sizeof own;
    ASSERT_EQ(::getsockname(client.get(), reinterpret_cast<sockaddr*>(&own), &size), 0);
    const Accepted accepted = std::move(run(context_, acceptor_->accept()).value());
    sockaddr_in peer{};
    ASSERT_EQ(accepted.peer_size, sizeof peer);
    std::memcpy(&peer, &accepted.peer, sizeof peer);
    EXPECT_EQ(peer.sin_port, own.sin_port);
    EXPECT_EQ(::fcntl(accepted.socket.get(), F_GETFD), FD_CLOEXEC);
    EXPECT_NE(::fcntl(accepted.socket.get(), F_GETFL) & O_NONBLOCK, 0);
}

TEST_F(AcceptorTest, AcceptsAllThatCameAtOnceAndThoseThatComeLater) {
    for (int round = 0; round < 2; ++round) {
        std::vector<UniqueFd> clients;
        for (int i = 0; i < 50; ++i)
            clients.push_back(connect());
        for (int i = 0; i < 50; ++i)
            EXPECT_TRUE(run(context_, acceptor_->accept())) << i;
    }
}

TEST_F(AcceptorTest, SeveralSocketsHaveTheirTurns) {
    std::vector<UniqueFd> sockets;
    std::vector<sockaddr_in> addresses(3);
    for (sockaddr_in& address : addresses) {
        UniqueFd socket(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
        address = address_;
        address.sin_port = 0;
        socklen_t size = sizeof address;
        ASSERT_EQ(::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
        ASSERT_EQ(::listen(socket.get(), 100), 0);
        ASSERT_EQ(::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
        sockets.push_back(std::move(socket));
    }
    acceptor_.emplace(Acceptor::make(context_.get_executor(), std::move(sockets)).value());
    const auto accepted = [&] { return run(context_, acceptor_->accept()).value().listener; };
    for (int round = 0; round < 3; ++round) {
        std::vector<UniqueFd> clients;
        // The last one alone, after a wait with nothing; then all of them, the first twice.
        for (const std::size_t to : {2, 0, 0, 1, 2}) {
            address_ = addresses[to];
            clients.push_back(connect());
            if (clients.size() == 1) {
                EXPECT_EQ(accepted(), 2U);
            }
        }
        std::vector<std::size_t> seen{accepted(), accepted(), accepted(), accepted()};
        EXPECT_EQ(seen, (std::vector<std::size_t>{0, 1, 2, 0}));
    }
    acceptor_->close();
    EXPECT_EQ(acceptor_->native_handle(), -1);
    EXPECT_EQ(run(context_, acceptor_->accept()).error().code, asio::error::operation_aborted);
}

// A flood of new connections doesn't hold up the work of those that are there.
TEST_F(AcceptorTest, OthersHaveTheirTurnInBetween) {
    std::vector<UniqueFd> clients;
    for (int i = 0; i < 60; ++i)
        clients.push_back(connect());
    int accepted = 0;
    int accepted_before_others = 0;
    asio::co_spawn(
        context_,
        [](Acceptor acceptor, int& count) -> asio::awaitable<void> {
            for (; count < 60; ++count)
                (void)(co_await acceptor.accept()).value();
        }(*acceptor_, accepted),
        [](const std::exception_ptr& thrown) { EXPECT_FALSE(thrown); });
    while (accepted == 0)
        context_.run_one();
    asio::post(context_, [&] { accepted_before_others = accepted; });
    while (accepted < 60)
        context_.run_one();
    EXPECT_LT(accepted_before_others, 60);
    EXPECT_GT(accepted_before_others, 0);
}

TEST_F(AcceptorTest, AFailureLosesNothing) {
    const UniqueFd first = connect();
    const UniqueFd second = connect();
    rlimit before{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
    const rlimit none{0, before.rlim_max};
    run(context_, [](Acceptor acceptor, rlimit full, rlimit empty) -> asio::awaitable<int> {
        // After this one nothing is waited for any more: ubsan needs descriptors for its checks.
        EXPECT_TRUE(co_await acceptor.accept());
        ::setrlimit(RLIMIT_NOFILE, &empty);
        const auto refused = co_await acceptor.accept();
        ::setrlimit(RLIMIT_NOFILE, &full);
        EXPECT_EQ(refused.error().code.value(), EMFILE);
        const auto accepted = co_await acceptor.accept();
        EXPECT_TRUE(accepted);
        co_return 0;
    }(*acceptor_, before, none));
}

TEST_F(AcceptorTest, ACloseEndsTheWaitOfWhoeverAccepts) {
    std::optional<Error> ended;
    asio::co_spawn(
        context_,
        [](Acceptor acceptor, std::optional<Error>& end) -> asio::awaitable<void> {
            end = (co_await acceptor.accept()).error();
        }(*acceptor_, ended),
        [](const std::exception_ptr& thrown) { EXPECT_FALSE(thrown); });
    context_.poll();
    EXPECT_FALSE(ended);
    acceptor_->close();
    context_.restart();
    context_.poll();
    ASSERT_TRUE(ended);
    EXPECT_EQ(ended->code, asio::error::operation_aborted);
    EXPECT_EQ(acceptor_->native_handle(), -1);
}

}  // namespace
}  // namespace glovebox::core
