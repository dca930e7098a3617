// SPDX-License-Identifier: Apache-2.0

// The contract, first part: who listens where, who dials, and what each learns of the other.

#include <fcntl.h>
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <fstream>
#include <variant>
#include <vector>

#include "transports/contract/contract.h"
#include "transports/contract/process_resources.h"

namespace glovebox::transports {
namespace {

namespace asio = boost::asio;
using core::cid_any;
using core::port_any;
using core::VsockAddress;

int errno_of(const auto& result) {
    return result ? 0 : result.error().code.value();
}

TEST_P(TransportContract, EachEndKnowsTheOthersAddress) {
    const auto listener = listen();
    run([&]() -> asio::awaitable<void> {
        const Pair pair = co_await connect_pair(*listener);
        EXPECT_EQ(pair.dialled.peer, (VsockAddress{machine_->dialled_cid(), port}));
        EXPECT_EQ(pair.accepted.peer, seen(pair.dialled));
        EXPECT_EQ(pair.accepted.local.port, port);
        EXPECT_GE(pair.dialled.local.port, 1024U);
        EXPECT_NE(pair.dialled.local.port, port_any);
    }());
}

TEST_P(TransportContract, APeerThatHasGoneBeforeTheAcceptIsStillNamed) {
    const auto listener = listen();
    run([&]() -> asio::awaitable<void> {
        VsockAddress gone;
        {
            const core::Connection dialled = (co_await dial()).value();
            gone = seen(dialled);
        }
        const core::Connection accepted = (co_await listener->accept()).value();
        EXPECT_EQ(accepted.peer, gone);
    }());
}

TEST_P(TransportContract, NobodyListeningIsAReset) {
    run([&]() -> asio::awaitable<void> {
        EXPECT_EQ(errno_of(co_await dial()), ECONNRESET);
        auto listener = listen();
        EXPECT_EQ(errno_of(co_await dial()), 0);
        listener->close();
        EXPECT_EQ(errno_of(co_await dial()), ECONNRESET);
    }());
}

TEST_P(TransportContract, AFullBacklogIsAResetAndTheListenerStaysWhole) {
    std::size_t somaxconn = 0;
    std::ifstream("/proc/sys/net/core/somaxconn") >> somaxconn;
    const std::size_t backlog = std::min<std::size_t>(somaxconn, SOMAXCONN);
    if (!allow_descriptors(backlog + 64))
        GTEST_SKIP() << "the limit on open files is below a full backlog of " << backlog;
    const auto listener = listen();
    run([&]() -> asio::awaitable<void> {
        std::vector<core::Connection> waiting;
        for (;;) {
            auto dialled = co_await dial();
            if (!dialled) {
                EXPECT_EQ(errno_of(dialled), ECONNRESET);
                break;
            }
            waiting.push_back(std::move(*dialled));
            if (waiting.size() > backlog + 1) {
                ADD_FAILURE() << "more than the backlog was let in";
                co_return;
            }
        }
        EXPECT_GE(waiting.size(), backlog);
        for (const core::Connection& dialled : waiting) {
            const core::Connection accepted = (co_await listener->accept()).value();
            EXPECT_EQ(accepted.peer, seen(dialled));
        }
        EXPECT_EQ(errno_of(co_await dial()), 0);
    }());
}

TEST_P(TransportContract, ANameThatIsTakenIsInUseUntilItsListenerCloses) {
    auto first = listen();
    EXPECT_EQ(errno_of(listening_->listen({machine_->bound_cid(), port})), EADDRINUSE);
    first->close();
    EXPECT_EQ(errno_of(listening_->listen({machine_->bound_cid(), port})), 0);
}

TEST_P(TransportContract, ANameIsFreeOnceItsHolderWasKilled) {
    if (!machine_->spans_processes())
        GTEST_SKIP() << "this transport lives in one process: no other can hold a name";
    int ready[2] = {-1, -1};
    ASSERT_EQ(::pipe2(ready, O_CLOEXEC), 0);
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
        asio::io_context io;
        const auto transport = machine_->listening_side(io.get_executor());
        const auto listener = transport->listen({machine_->bound_cid(), port});
        const char outcome = listener ? 'y' : 'n';
        if (::write(ready[1], &outcome, 1) == 1)
            for (;;)
                ::pause();
        ::_exit(1);
    }
    ::close(ready[1]);
    char outcome = '?';
    EXPECT_EQ(::read(ready[0], &outcome, 1), 1);
    ::close(ready[0]);
    EXPECT_EQ(outcome, 'y');
    EXPECT_EQ(errno_of(listening_->listen({machine_->bound_cid(), port})), EADDRINUSE);
    ASSERT_EQ(::kill(child, SIGKILL), 0);
    ASSERT_EQ(::waitpid(child, nullptr, 0), child);

    run([&]() -> asio::awaitable<void> {
        EXPECT_EQ(errno_of(co_await dial()), ECONNRESET);
        const auto listener = listen();
        EXPECT_EQ(errno_of(co_await dial()), 0);
    }());
}

TEST_P(TransportContract, AnyPortIsAFreeOneThatIsReached) {
    const auto one = listen(port_any);
    const auto two = listen(port_any);
    EXPECT_NE(one->local().port, two->local().port);
    EXPECT_GE(one->local().port, 1024U);
    run([&]() -> asio::awaitable<void> {
        const Pair pair = co_await connect_pair(*two);
        EXPECT_EQ(pair.accepted.local.port, two->local().port);
    }());
}

TEST_P(TransportContract, AnotherMachinesCidIsNotAvailable) {
    constexpr core::Cid nobodys = 0x7ffffff0;
    EXPECT_EQ(errno_of(listening_->listen({nobodys, port})), EADDRNOTAVAIL);
}

TEST_P(TransportContract, ClosingEndsAPendingAccept) {
    const auto listener = listen();
    using namespace asio::experimental::awaitable_operators;
    run([&]() -> asio::awaitable<void> {
        const auto close_soon = [&]() -> asio::awaitable<void> {
            listener->close();
            co_return;
        };
        const auto accepted = co_await (listener->accept() && close_soon());
        EXPECT_EQ(accepted.error().code, asio::error::operation_aborted);
        EXPECT_EQ((co_await listener->accept()).error().code, asio::error::operation_aborted);
    }());
}

TEST_P(TransportContract, AListenerMayBeDestroyedUnderAPendingAccept) {
    auto listener = listen();
    using namespace asio::experimental::awaitable_operators;
    run([&]() -> asio::awaitable<void> {
        const auto destroy_soon = [&]() -> asio::awaitable<void> {
            listener.reset();
            co_return;
        };
        const auto accepted = co_await (listener->accept() && destroy_soon());
        EXPECT_EQ(accepted.error().code, asio::error::operation_aborted);
    }());
}

TEST_P(TransportContract, ACancelledAcceptLosesNoConnection) {
    const auto listener = listen();
    using namespace asio::experimental::awaitable_operators;
    run([&]() -> asio::awaitable<void> {
        asio::steady_timer timer(io_, std::chrono::milliseconds(1));
        const auto first = co_await (listener->accept() || timer.async_wait(asio::use_awaitable));
        EXPECT_EQ(first.index(), 1U);
        const Pair pair = co_await connect_pair(*listener);
        EXPECT_EQ(pair.accepted.peer, seen(pair.dialled));
    }());
}

TEST_P(TransportContract, AtTheDescriptorLimitNoConnectionIsLost) {
    const auto listener = listen();
    run([&]() -> asio::awaitable<void> {
        // Also so that ubsan, which opens a pipe to look at a type's first object, has seen them.
        const Pair unharmed = co_await connect_pair(*listener);
        const core::Connection dialled = (co_await dial()).value();
        rlimit before{};
        ::getrlimit(RLIMIT_NOFILE, &before);
        const rlimit none{.rlim_cur = 0, .rlim_max = before.rlim_max};
        ::setrlimit(RLIMIT_NOFILE, &none);
        const auto refused = co_await listener->accept();
        const auto refused_again = co_await listener->accept();
        const auto undialled = co_await dial();
        ::setrlimit(RLIMIT_NOFILE, &before);
        EXPECT_EQ(errno_of(refused), EMFILE);
        EXPECT_EQ(errno_of(refused_again), EMFILE);
        EXPECT_EQ(errno_of(undialled), EMFILE);
        const core::Connection accepted = (co_await listener->accept()).value();
        EXPECT_EQ(accepted.peer, seen(dialled));
    }());
}

TEST_P(TransportContract, StreamsDoNotBlockAndAreNotInherited) {
    const auto listener = listen();
    run([&]() -> asio::awaitable<void> {
        Pair pair = co_await connect_pair(*listener);
        for (core::Stream* stream : {&pair.dialled.stream, &pair.accepted.stream}) {
            const int socket = stream->native_handle();
            EXPECT_NE(::fcntl(socket, F_GETFL) & O_NONBLOCK, 0);
            EXPECT_NE(::fcntl(socket, F_GETFD) & FD_CLOEXEC, 0);
        }
    }());
}

}  // namespace
}  // namespace glovebox::transports
