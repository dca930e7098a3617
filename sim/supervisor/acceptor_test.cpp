// SPDX-License-Identifier: Apache-2.0

#include "sim/supervisor/acceptor.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include <atomic>
#include <cerrno>
#include <vector>

#include "core/base/testing/temporary_directory.h"
#include "sim/supervisor/testing/fake_notifier.h"
#include "sim/supervisor/testing/fake_tracee.h"
#include "sim/supervisor/testing/few_descriptors.h"
#include "transports/world.h"

namespace glovebox::supervisor {
namespace {

using testing::address_at;
using testing::FewDescriptors;
using testing::length_at;

constexpr int listener_number = 3;

class AcceptorTest : public ::testing::Test {
  protected:
    AcceptorTest()
        : world_(*transports::World::open(directory_.path() + "/world")),
          listener_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)),
          acceptor_(
              notifier_, options_, pidfds_, [this](const SystemCall&) { return make(); }, nullptr,
              [this] { ++exhausted_; }) {
        EXPECT_TRUE(world_->bind(listener_.get(), {16, 5005}));
        EXPECT_EQ(::listen(listener_.get(), 8), 0);
        EXPECT_EQ(make_emulated(listener_.get()), 0);
    }
    std::unique_ptr<testing::FakeTracee> make() {
        auto tracee = std::make_unique<testing::FakeTracee>();
        tracee->descriptors[listener_number] = listener_.get();
        tracee->put(address_at, sockaddr_vm{});
        tracee->put(length_at, static_cast<int>(sizeof(sockaddr_vm)));
        return tracee;
    }
    SyscallReply accept(std::uint64_t id, int flags = 0, std::uint64_t address = 0) {
        SystemCall call;
        call.id = id;
        call.thread = ::getpid();
        call.number = SYS_accept4;
        call.arguments = {listener_number, address, length_at, static_cast<std::uint64_t>(flags)};
        last_ = make();
        return acceptor_.answer(call, *last_);
    }
    UniqueFd connect(core::Cid from = 3) {
        UniqueFd client(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
        EXPECT_TRUE(world_->connect(client.get(), from, {16, 5005}));
        return client;
    }
    [[nodiscard]] bool is_readable() const {
        pollfd poll_fd{listener_.get(), POLLIN, 0};
        return ::poll(&poll_fd, 1, 0) == 1;
    }
    // The two are ends of one connection.
    static void expect_joined(const UniqueFd& client, int accepted) {
        const char sent = 'x';
        char got = 0;
        ASSERT_EQ(::send(client.get(), &sent, 1, MSG_NOSIGNAL), 1);
        EXPECT_EQ(::recv(accepted, &got, 1, MSG_DONTWAIT), 1);
    }

    TemporaryDirectory directory_;
    std::unique_ptr<transports::World> world_;
    UniqueFd listener_;
    testing::FakeNotifier notifier_;
    VsockOptionTable options_;
    PidfdCache pidfds_;
    std::unique_ptr<testing::FakeTracee> last_;
    std::atomic<int> exhausted_ = 0;
    Acceptor acceptor_;
};

TEST_F(AcceptorTest, AConnectionThatIsThereIsDeliveredWithItsPeersAddress) {
    const UniqueFd client = connect();
    EXPECT_EQ(accept(1, SOCK_CLOEXEC, address_at).kind(), SyscallReply::Kind::later);
    const auto reply = notifier_.wait_for(1);
    ASSERT_EQ(reply.kind(), SyscallReply::Kind::install);
    EXPECT_TRUE(reply.close_on_exec());
    expect_joined(client, reply.fd());
    EXPECT_EQ(last_->get<sockaddr_vm>(address_at).svm_cid, 3u);
    EXPECT_TRUE(read_mark(reply.fd()));
}

TEST_F(AcceptorTest, ACallWaitsForTheNextConnection) {
    EXPECT_EQ(accept(1).kind(), SyscallReply::Kind::later);
    EXPECT_EQ(acceptor_.parked_calls(), 1u);
    EXPECT_FALSE(notifier_.is_answered(1));
    const UniqueFd client = connect();
    const auto reply = notifier_.wait_for(1);
    ASSERT_EQ(reply.kind(), SyscallReply::Kind::install);
    expect_joined(client, reply.fd());
}

TEST_F(AcceptorTest, WaitingCallsAreServedInTheirOrder) {
    for (const std::uint64_t id : {1, 2, 3})
        EXPECT_EQ(accept(id).kind(), SyscallReply::Kind::later);
    for (const std::uint64_t id : {1, 2, 3}) {
        const UniqueFd client = connect();
        expect_joined(client, notifier_.wait_for(id).fd());
    }
}

TEST_F(AcceptorTest, ANonblockingListenerSaysEagain) {
    ::fcntl(listener_.get(), F_SETFL, O_NONBLOCK);
    EXPECT_EQ(accept(1).errno_value(), EAGAIN);
    const UniqueFd client = connect();
    EXPECT_EQ(accept(2, SOCK_NONBLOCK).kind(), SyscallReply::Kind::later);
    EXPECT_NE(::fcntl(notifier_.wait_for(2).fd(), F_GETFL) & O_NONBLOCK, 0);
}

TEST_F(AcceptorTest, AtTheDescriptorLimitTheConnectionWaitsAndTheListenerSaysSo) {
    const UniqueFd client = connect();
    notifier_.fail_installs(EMFILE);
    for (const std::uint64_t id : {1, 2, 3}) {
        EXPECT_EQ(accept(id).kind(), SyscallReply::Kind::later);
        EXPECT_EQ(notifier_.wait_for(id).errno_value(), EMFILE);
        EXPECT_TRUE(is_readable());
    }
    notifier_.fail_installs(0);
    EXPECT_EQ(accept(4).kind(), SyscallReply::Kind::later);
    expect_joined(client, notifier_.wait_for(4).fd());
    ::fcntl(listener_.get(), F_SETFL, O_NONBLOCK);
    EXPECT_EQ(accept(5).errno_value(), EAGAIN);
    EXPECT_FALSE(is_readable());
}

TEST_F(AcceptorTest, WithoutADescriptorOfItsOwnAWaitingCallFailsAndItsConnectionWaits) {
    (void)accept(1);
    (void)accept(2);
    UniqueFd client(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    // ubsan looks at an object's vptr through a pipe, the first time.
    (void)static_cast<Notifier&>(notifier_).is_valid(1);
    EXPECT_FALSE(is_readable());
    {
        const FewDescriptors few(0);
        EXPECT_TRUE(world_->connect(client.get(), 3, {16, 5005}));
        EXPECT_EQ(notifier_.wait_for(1).errno_value(), ENFILE);
        EXPECT_EQ(notifier_.wait_for(2).errno_value(), ENFILE);
        EXPECT_TRUE(is_readable());
    }
    EXPECT_GE(exhausted_, 1);
    (void)accept(3);
    expect_joined(client, notifier_.wait_for(3).fd());
}

TEST_F(AcceptorTest, TheLastDescriptorsAreForCallsThatDoNotWait) {
    std::vector<UniqueFd> others;
    rlimit limit{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
    const rlimit low{.rlim_cur = 128, .rlim_max = limit.rlim_max};
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &low), 0);
    Acceptor acceptor(
        notifier_, options_, pidfds_, [this](const SystemCall&) { return make(); }, nullptr,
        [this] { ++exhausted_; });
    while (others.empty() || others.back().get() < 122)
        others.emplace_back(::dup(listener_.get()));
    const auto tracee = make();
    SystemCall call;
    call.number = SYS_accept4;
    call.arguments = {listener_number};
    EXPECT_EQ(acceptor.answer(call, *tracee).errno_value(), ENFILE);
    EXPECT_EQ(exhausted_, 1);
    EXPECT_EQ(acceptor.parked_calls(), 0U);
    others.resize(others.size() / 2);
    EXPECT_EQ(acceptor.answer(call, *tracee).kind(), SyscallReply::Kind::later);
    EXPECT_EQ(acceptor.parked_calls(), 1U);
    ::setrlimit(RLIMIT_NOFILE, &limit);
}

TEST_F(AcceptorTest, TheOrderOfConnectionsIsKeptWhenOneCouldNotBeDelivered) {
    notifier_.fail_installs(EMFILE);
    const UniqueFd first = connect();
    const UniqueFd second = connect();
    (void)accept(1);
    EXPECT_EQ(notifier_.wait_for(1).errno_value(), EMFILE);
    notifier_.fail_installs(0);
    const UniqueFd third = connect();
    std::uint64_t id = 2;
    for (const UniqueFd* client : {&first, &second, &third}) {
        (void)accept(id);
        expect_joined(*client, notifier_.wait_for(id).fd());
        ++id;
    }
}

TEST_F(AcceptorTest, AConnectionForACallThatIsGoneIsTheNextOnes) {
    (void)accept(1);
    notifier_.withdraw(1);
    const UniqueFd client = connect();
    (void)accept(2);
    expect_joined(client, notifier_.wait_for(2).fd());
}

TEST_F(AcceptorTest, OfCallsThatAreGoneNothingIsKept) {
    (void)accept(1);
    notifier_.withdraw(1);
    (void)accept(2);
    acceptor_.forget_the_dead();
    EXPECT_EQ(acceptor_.parked_calls(), 1u);
}

TEST_F(AcceptorTest, AReceiveTimeoutEndsTheWait) {
    const timeval timeout{0, 20'000};
    ::setsockopt(listener_.get(), SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
    (void)accept(1);
    EXPECT_EQ(notifier_.wait_for(1).errno_value(), EAGAIN);
}

TEST_F(AcceptorTest, WhatTheKernelRefusesIsRefused) {
    EXPECT_EQ(accept(1, 0x100).errno_value(), EINVAL);
    EXPECT_EQ(accept(1, 0, 0x9000).kind(), SyscallReply::Kind::later)
        << "its length is readable; the address turns out bad with the connection";
    const UniqueFd client = connect();
    EXPECT_EQ(notifier_.wait_for(1).errno_value(), EFAULT);
    const UniqueFd plain(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    testing::FakeTracee tracee;
    tracee.descriptors[listener_number] = plain.get();
    SystemCall call;
    call.number = SYS_accept4;
    call.arguments = {listener_number};
    EXPECT_EQ(acceptor_.answer(call, tracee).kind(), SyscallReply::Kind::pass_through);
    ASSERT_EQ(make_emulated(plain.get()), 0);
    EXPECT_EQ(acceptor_.answer(call, tracee).errno_value(), EINVAL) << "not listening";
}

}  // namespace
}  // namespace glovebox::supervisor
