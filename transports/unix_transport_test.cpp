// SPDX-License-Identifier: Apache-2.0

#include "transports/unix_transport.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <cerrno>
#include <csignal>
#include <exception>
#include <filesystem>

#include "core/base/testing/temporary_directory.h"

namespace glovebox::transports {
namespace {

using namespace std::chrono_literals;

namespace asio = boost::asio;
using core::VsockAddress;

class UnixTransportTest : public testing::Test {
  protected:
    UnixTransport side(core::Cid own, bool privileged = true) {
        return {io_.get_executor(), world_, own, privileged};
    }

    // For forked children, which share io_'s epoll with this process and must not touch it.
    UniqueFd listening_without_asio(VsockAddress address) {
        UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
        if (!world_->bind(socket.get(), address) || ::listen(socket.get(), 8) != 0)
            socket.reset();
        return socket;
    }

    // Runs a coroutine to its end.
    template <class Coroutine>
    void run(Coroutine coroutine) {
        std::exception_ptr failure;
        asio::co_spawn(io_, std::move(coroutine),
                       [&](const std::exception_ptr& e) { failure = e; });
        io_.restart();
        io_.run();
        if (failure)
            std::rethrow_exception(failure);
    }

    asio::io_context io_;
    TemporaryDirectory scratch_;
    std::string path_ = scratch_ / "world";
    std::shared_ptr<World> world_ = World::open(path_).value();
};

TEST_F(UnixTransportTest, BothEndsKnowEachOther) {
    UnixTransport parent = side(3);
    UnixTransport enclave = side(16);
    const auto listener = parent.listen({core::cid_any, 8000}).value();
    EXPECT_EQ(listener->local(), (VsockAddress{3, 8000}));
    run([&]() -> asio::awaitable<void> {
        const auto dialled = (co_await enclave.connect({3, 8000}, 5s)).value();
        const auto accepted = (co_await listener->accept()).value();
        EXPECT_EQ(dialled.peer, (VsockAddress{3, 8000}));
        EXPECT_EQ(dialled.local.cid, 16U);
        EXPECT_EQ(accepted.peer, dialled.local);
        EXPECT_EQ(accepted.local, dialled.peer);
    });
}

TEST_F(UnixTransportTest, AListenersNameGoesWithIt) {
    const std::string name = path_ + "/16.5005";
    auto listener = side(16).listen({16, 5005}).value();
    EXPECT_TRUE(std::filesystem::exists(name));
    listener->close();
    EXPECT_FALSE(std::filesystem::exists(name));
    listener = side(16).listen({16, 5005}).value();
    listener.reset();
    EXPECT_FALSE(std::filesystem::exists(name));
}

TEST_F(UnixTransportTest, PrivilegedPortsNeedThePrivilege) {
    EXPECT_EQ(side(3, false).listen({3, 1023}).error().code.value(), EACCES);
    EXPECT_TRUE(side(3, true).listen({3, 1023}));
    EXPECT_TRUE(side(3, false).listen({3, 1024}));
    EXPECT_TRUE(may_bind_privileged_ports(16)) << "in an enclave everything is root";
}

TEST_F(UnixTransportTest, ARunDirectoryMayBeLongerThanASocketsPath) {
    std::string deep = scratch_.path();
    while (deep.size() < 600)
        deep += "/a-rather-long-name-as-a-build-farm-may-have-it";
    std::filesystem::create_directories(deep);
    world_ = World::open(deep + "/world").value();
    UnixTransport parent = side(3);
    UnixTransport enclave = side(4294967294);
    const auto listener = parent.listen({3, 4294967294}).value();
    run([&]() -> asio::awaitable<void> {
        const auto dialled = (co_await enclave.connect({3, 4294967294}, 5s)).value();
        const auto accepted = (co_await listener->accept()).value();
        EXPECT_EQ(accepted.peer, dialled.local);
    });
}

TEST_F(UnixTransportTest, WorldsSideBySideNeverMeet) {
    const std::shared_ptr<World> elsewhere = World::open(scratch_ / "elsewhere").value();
    UnixTransport here = side(3);
    UnixTransport there(io_.get_executor(), elsewhere, 3, true);
    UnixTransport enclave_there(io_.get_executor(), elsewhere, 16, true);
    const auto one = here.listen({3, 8000}).value();
    run([&]() -> asio::awaitable<void> {
        EXPECT_EQ((co_await enclave_there.connect({3, 8000}, 5s)).error().code.value(), ECONNRESET);
        const auto two = there.listen({3, 8000}).value();
        const auto dialled = (co_await enclave_there.connect({3, 8000}, 5s)).value();
        EXPECT_EQ((co_await two->accept()).value().peer, dialled.local);
        one->close();
        EXPECT_EQ((co_await one->accept()).error().code, asio::error::operation_aborted);
        EXPECT_TRUE(co_await enclave_there.connect({3, 8000}, 5s))
            << "closing one closed the other";
    });
}

TEST_F(UnixTransportTest, WhatAKilledListenerLeftOnDiskIsTakenOver) {
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
        const UniqueFd listener = listening_without_asio({16, 5005});
        ::kill(::getpid(), SIGKILL);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status));
    ASSERT_TRUE(std::filesystem::is_socket(path_ + "/16.5005")) << "nothing was left to take over";
    const auto listener = side(16).listen({16, 5005});
    ASSERT_TRUE(listener) << listener.error().message;
    run([&]() -> asio::awaitable<void> { EXPECT_TRUE(co_await side(3).connect({16, 5005}, 5s)); });
}

// An enclave's sockets belong to a network namespace of its own, the parent's do not; where a
// listener is alive has to be known, and reached, across the two.
TEST_F(UnixTransportTest, ANetworkNamespaceDoesNotHideAListener) {
    constexpr int no_namespace = 77;
    int ready[2] = {-1, -1};
    int done[2] = {-1, -1};
    ASSERT_EQ(::pipe2(ready, O_CLOEXEC), 0);
    ASSERT_EQ(::pipe2(done, O_CLOEXEC), 0);
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
        const int wanted = ::geteuid() == 0 ? CLONE_NEWNET : CLONE_NEWUSER | CLONE_NEWNET;
        if (::unshare(wanted) != 0)
            ::_exit(no_namespace);
        const UniqueFd listener = listening_without_asio({16, 5005});
        char byte = 'x';
        const bool told = ::write(ready[1], &byte, 1) == 1;
        ::close(done[1]);
        ::_exit(told && listener && ::read(done[0], &byte, 1) == 0 ? 0 : 1);
    }
    ::close(ready[1]);
    char byte = 0;
    const bool listening = ::read(ready[0], &byte, 1) == 1;
    if (listening) {
        const auto taken = side(16).listen({16, 5005});
        EXPECT_EQ(taken ? 0 : taken.error().code.value(), EADDRINUSE);
        run([&]() -> asio::awaitable<void> {
            EXPECT_TRUE(co_await side(3).connect({16, 5005}, 5s));
        });
    }
    ::close(ready[0]);
    ::close(done[0]);
    ::close(done[1]);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    if (WIFEXITED(status) && WEXITSTATUS(status) == no_namespace)
        GTEST_SKIP() << "no network namespace can be made here";
    EXPECT_TRUE(listening);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
}

}  // namespace
}  // namespace glovebox::transports
