#include "transports/unix_transport.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <cerrno>
#include <exception>

#include "transports/contract/temporary_directory.h"

namespace glovebox::transports {
namespace {

namespace asio = boost::asio;
using core::VsockAddress;

class UnixTransportTest : public testing::Test {
  protected:
    UnixTransport side(core::Cid own, bool privileged = true) {
        return {io_.get_executor(), world_, own, privileged};
    }

    // Runs a coroutine to its end.
    template <class Coroutine>
    void run(Coroutine coroutine) {
        std::exception_ptr failure;
        asio::co_spawn(io_, std::move(coroutine), [&](std::exception_ptr e) { failure = e; });
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
        const auto dialled = (co_await enclave.connect({3, 8000})).value();
        const auto accepted = (co_await listener->accept()).value();
        EXPECT_EQ(dialled.peer, (VsockAddress{3, 8000}));
        EXPECT_EQ(dialled.local.cid, 16U);
        EXPECT_EQ(accepted.peer, dialled.local);
        EXPECT_EQ(accepted.local, dialled.peer);
    });
}

TEST_F(UnixTransportTest, AListenersNameGoesWithIt) {
    auto listener = side(16).listen({16, 5005}).value();
    EXPECT_EQ(TemporaryDirectory::entries_in(path_), 1U);
    listener->close();
    EXPECT_EQ(TemporaryDirectory::entries_in(path_), 0U);
    listener = side(16).listen({16, 5005}).value();
    listener.reset();
    EXPECT_EQ(TemporaryDirectory::entries_in(path_), 0U);
}

TEST_F(UnixTransportTest, PrivilegedPortsNeedThePrivilege) {
    EXPECT_EQ(side(3, false).listen({3, 1023}).error().code.value(), EACCES);
    EXPECT_TRUE(side(3, true).listen({3, 1023}));
    EXPECT_TRUE(side(3, false).listen({3, 1024}));
    EXPECT_TRUE(may_bind_privileged_ports(16)) << "in an enclave everything is root";
}

}  // namespace
}  // namespace glovebox::transports
