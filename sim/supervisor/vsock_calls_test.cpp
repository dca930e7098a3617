// SPDX-License-Identifier: Apache-2.0

#include "sim/supervisor/vsock_calls.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/syscall.h>

#include <cerrno>
#include <filesystem>
#include <vector>

#include "core/base/testing/temporary_directory.h"
#include "sim/supervisor/emulated_socket.h"
#include "sim/supervisor/sockaddr_vm.h"
#include "sim/supervisor/testing/fake_tracee.h"

namespace glovebox::supervisor {
namespace {

using testing::address_at;
using testing::length_at;

constexpr core::Cid own = 16;
constexpr std::uint64_t value_at = 0x3000;

class VsockCallsTest : public ::testing::Test {
  protected:
    VsockCallsTest()
        : world_(*transports::World::open(directory_.path() + "/world")),
          names_(own, *world_),
          calls_(own, *world_, names_, options_) {}

    SyscallReply call(int number, std::array<std::uint64_t, 6> arguments) {
        SystemCall made;
        made.number = number;
        made.thread = ::getpid();
        made.arguments = arguments;
        return calls_.answer(made, tracee_);
    }
    // An emulated socket as descriptor `fd` of the program; its own descriptor stays here.
    int make(int fd, int type = SOCK_STREAM) {
        auto reply = call(SYS_socket, {AF_VSOCK, static_cast<std::uint64_t>(type), 0});
        EXPECT_EQ(reply.kind(), SyscallReply::Kind::install);
        sockets_.push_back(reply.take_fd());
        tracee_.descriptors[fd] = sockets_.back().get();
        return fd;
    }
    SyscallReply call_with_address(int number, int fd, core::VsockAddress address) {
        tracee_.put(address_at, make_sockaddr_vm(address));
        return call(number, {static_cast<std::uint64_t>(fd), address_at, sizeof(sockaddr_vm)});
    }
    int bind(int fd, core::VsockAddress address) {
        return outcome(call_with_address(SYS_bind, fd, address));
    }
    int connect(int fd, core::VsockAddress address) {
        return outcome(call_with_address(SYS_connect, fd, address));
    }
    core::VsockAddress name(int number, int fd) {
        tracee_.put(address_at, sockaddr_vm{});
        tracee_.put(length_at, static_cast<int>(sizeof(sockaddr_vm)));
        EXPECT_EQ(outcome(call(number, {static_cast<std::uint64_t>(fd), address_at, length_at})),
                  0);
        const auto vm = tracee_.get<sockaddr_vm>(address_at);
        EXPECT_EQ(vm.svm_family, AF_VSOCK);
        return {vm.svm_cid, vm.svm_port};
    }
    int getsockopt(int fd, int level, int option, int room) {
        tracee_.put(value_at, std::array<std::uint64_t, 2>{});
        tracee_.put(length_at, room);
        return outcome(
            call(SYS_getsockopt, {static_cast<std::uint64_t>(fd), static_cast<std::uint64_t>(level),
                                  static_cast<std::uint64_t>(option), value_at, length_at}));
    }
    void set_blocking(int fd) { ::fcntl(tracee_.descriptors.at(fd), F_SETFL, 0); }
    void listen(int fd) { ASSERT_EQ(::listen(tracee_.descriptors.at(fd), 8), 0); }

    // 0, an errno value, or -1 for "the kernel's affair".
    static int outcome(const SyscallReply& reply) {
        switch (reply.kind()) {
            case SyscallReply::Kind::error:
                return reply.errno_value();
            case SyscallReply::Kind::pass_through:
                return -1;
            default:
                return 0;
        }
    }

    TemporaryDirectory directory_;
    std::unique_ptr<transports::World> world_;
    BoundNames names_;
    VsockOptionTable options_;
    testing::FakeTracee tracee_;
    std::vector<UniqueFd> sockets_;
    VsockCalls calls_;
};

TEST_F(VsockCallsTest, SocketTakesWhatAfVsockTakes) {
    struct Case {
        int type, protocol, expected;
    };
    for (const auto& [type, protocol, expected] : {Case{SOCK_STREAM, 0, 0},
                                                   {SOCK_STREAM | SOCK_NONBLOCK, AF_VSOCK, 0},
                                                   {SOCK_SEQPACKET | SOCK_CLOEXEC, 0, 0},
                                                   {SOCK_STREAM, 6, EPROTONOSUPPORT},
                                                   {SOCK_DGRAM, 0, ENODEV},
                                                   {SOCK_RAW, 0, ESOCKTNOSUPPORT},
                                                   {SOCK_STREAM | 0x100, 0, EINVAL},
                                                   {15, 0, EINVAL}})
        EXPECT_EQ(outcome(call(SYS_socket, {AF_VSOCK, static_cast<std::uint64_t>(type),
                                            static_cast<std::uint64_t>(protocol)})),
                  expected)
            << type << ' ' << protocol;
    EXPECT_EQ(call(SYS_socket, {AF_INET, SOCK_RAW, IPPROTO_SCTP}).kind(),
              SyscallReply::Kind::pass_through)
        << "no vsock";
}

TEST_F(VsockCallsTest, BindTakesOnesOwnCidAnyAndOnceOnly) {
    EXPECT_EQ(bind(make(3), {own, 5005}), 0);
    EXPECT_EQ(name(SYS_getsockname, 3), (core::VsockAddress{own, 5005}));
    EXPECT_EQ(bind(3, {own, 5006}), EINVAL);
    EXPECT_EQ(bind(make(4), {core::cid_any, 5005}), EADDRINUSE);
    EXPECT_EQ(bind(4, {3, 5006}), EADDRNOTAVAIL);
    EXPECT_EQ(bind(4, {core::cid_any, 5006}), 0);
    EXPECT_EQ(name(SYS_getsockname, 4), (core::VsockAddress{core::cid_any, 5006}));
}

TEST_F(VsockCallsTest, AClosedSocketsPortIsFreeAtOnce) {
    ASSERT_EQ(bind(make(3), {own, 5005}), 0);
    sockets_.clear();
    EXPECT_EQ(bind(make(4), {own, 5005}), 0);
}

TEST_F(VsockCallsTest, ConnectReachesAListenerOfTheWorldAndBothHaveNames) {
    ASSERT_EQ(bind(make(3), {core::cid_any, 5005}), 0);
    listen(3);
    ASSERT_EQ(connect(make(4), {own, 5005}), 0);
    EXPECT_EQ(name(SYS_getpeername, 4), (core::VsockAddress{own, 5005}));
    EXPECT_EQ(name(SYS_getsockname, 4).cid, core::cid_any);
    EXPECT_EQ(connect(4, {own, 5005}), EISCONN);
    EXPECT_EQ(connect(3, {own, 5005}), EINVAL) << "a listener";
}

TEST_F(VsockCallsTest, ASocketThatARefusedConnectHasNamedListensForNoOtherUser) {
    make(3);
    ASSERT_EQ(connect(3, {own, 5005}), ECONNRESET);
    EXPECT_EQ(outcome(call(SYS_listen, {3, 8})), EINVAL);
    ASSERT_EQ(bind(make(4), {own, 5005}), 0);
    EXPECT_EQ(outcome(call(SYS_listen, {4, 8})), 0);
    EXPECT_EQ(outcome(call(SYS_listen, {static_cast<std::uint64_t>(make(5)), 8})), -1)
        << "which the kernel refuses itself";
}

TEST_F(VsockCallsTest, NobodyListeningIsAResetWhoeverIsDialled) {
    make(3);
    for (const core::VsockAddress target :
         {core::VsockAddress{own, 5005}, {3, 5005}, {17, 5005}, {77, 5005}, {0, 5005}})
        EXPECT_EQ(connect(3, target), ECONNRESET) << target.cid;
}

TEST_F(VsockCallsTest, AnAddressOfAnotherFamilyNeverReachesTheKernel) {
    make(3);
    tracee_.put(address_at, std::array<char, 110>{AF_UNIX, 0, '/', 't', 'm', 'p', '/', 'x'});
    for (const int number : {SYS_bind, SYS_connect})
        EXPECT_EQ(outcome(call(number, {3, address_at, 110})), EINVAL);
    EXPECT_EQ(outcome(call(SYS_bind, {3, address_at, 1})), -1) << "which the kernel refuses itself";
}

TEST_F(VsockCallsTest, WhatIsNoEmulatedSocketIsTheKernelsAffair) {
    const UniqueFd other(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    tracee_.descriptors[3] = other.get();
    EXPECT_EQ(bind(3, {own, 5005}), -1);
    EXPECT_EQ(connect(99, {own, 5005}), -1);
    EXPECT_EQ(getsockopt(3, SOL_SOCKET, SO_DOMAIN, 4), -1);
    EXPECT_EQ(outcome(call(SYS_shutdown, {3, SHUT_WR})), -1);
}

TEST_F(VsockCallsTest, ACallThatIsGoneChangesNothing) {
    make(3);
    tracee_.waits = false;
    EXPECT_EQ(bind(3, {own, 5005}), EINTR);
    EXPECT_EQ(connect(3, {own, 5005}), EINTR);
    tracee_.waits = true;
    EXPECT_EQ(name(SYS_getsockname, 3), core::VsockAddress{});
}

TEST_F(VsockCallsTest, OptionsAreReadBackAsTheKernelWouldHaveThem) {
    make(3);
    EXPECT_EQ(getsockopt(3, SOL_SOCKET, SO_DOMAIN, 4), 0);
    EXPECT_EQ(tracee_.get<int>(value_at), AF_VSOCK);
    EXPECT_EQ(getsockopt(3, AF_VSOCK, SO_VM_SOCKETS_BUFFER_SIZE, 8), 0);
    EXPECT_EQ(tracee_.get<std::uint64_t>(value_at), 256u * 1024);
    EXPECT_EQ(getsockopt(3, AF_VSOCK, SO_VM_SOCKETS_BUFFER_SIZE, 4), EINVAL);
    EXPECT_EQ(getsockopt(3, AF_VSOCK, 99, 8), ENOPROTOOPT);
    EXPECT_EQ(getsockopt(3, 6, 1, 4), ENOPROTOOPT);
}

TEST_F(VsockCallsTest, ARecordMayBeAsLargeAsTheBufferSize) {
    ASSERT_EQ(bind(make(3, SOCK_SEQPACKET), {own, 5005}), 0);
    listen(3);
    ASSERT_EQ(connect(make(4, SOCK_SEQPACKET), {own, 5005}), 0);
    const auto send = [&](std::size_t bytes) {
        const std::vector<char> record(bytes);
        const ssize_t sent = ::send(tracee_.descriptors.at(4), record.data(), bytes, MSG_DONTWAIT);
        return sent < 0 ? -errno : static_cast<int>(sent);
    };
    EXPECT_EQ(send(300 * 1024), -EMSGSIZE);
    constexpr std::uint64_t enlarged = 320 * 1024;  // a user may have it, without CAP_NET_ADMIN
    tracee_.put(value_at, enlarged);
    for (const std::uint64_t option : {SO_VM_SOCKETS_BUFFER_MAX_SIZE, SO_VM_SOCKETS_BUFFER_SIZE})
        EXPECT_EQ(outcome(call(SYS_setsockopt, {4, AF_VSOCK, option, value_at, sizeof enlarged})),
                  0);
    EXPECT_EQ(send(300 * 1024), 300 * 1024);
}

TEST_F(VsockCallsTest, ARecordOfTheDefaultBufferSizeIsSent) {
    ASSERT_EQ(bind(make(3, SOCK_SEQPACKET), {own, 5005}), 0);
    listen(3);
    ASSERT_EQ(connect(make(4, SOCK_SEQPACKET), {own, 5005}), 0);
    const std::vector<char> record(256 * 1024);
    EXPECT_EQ(::send(tracee_.descriptors.at(4), record.data(), record.size(), MSG_DONTWAIT),
              static_cast<ssize_t>(record.size()));
}

TEST_F(VsockCallsTest, BadPointersAreEfault) {
    ASSERT_EQ(bind(make(3), {own, 5005}), 0);
    EXPECT_EQ(outcome(call(SYS_getsockname, {3, 0x9000, 0x9000})), EFAULT);
    tracee_.put(length_at, 16);
    EXPECT_EQ(outcome(call(SYS_getsockname, {3, 0x9000, length_at})), EFAULT);
    EXPECT_EQ(outcome(call(SYS_bind, {3, 0x9000, sizeof(sockaddr_vm)})), -1)
        << "the kernel says EFAULT itself";
}

TEST_F(VsockCallsTest, AShutSocketIsNoLongerConnectedForItsName) {
    ASSERT_EQ(bind(make(3), {core::cid_any, 5005}), 0);
    listen(3);
    EXPECT_EQ(outcome(call(SYS_shutdown, {3, SHUT_RD})), ENOTCONN) << "a listener";
    ASSERT_EQ(connect(make(4), {own, 5005}), 0);
    EXPECT_EQ(outcome(call(SYS_shutdown, {4, SHUT_WR})), -1);
    tracee_.put(length_at, 16);
    EXPECT_EQ(outcome(call(SYS_getpeername, {4, address_at, length_at})), ENOTCONN);
}

// Linux 6.1 was asked for each of these answers, in this order.
TEST_F(VsockCallsTest, ANonblockingRefusalIsToldOnceAndTheSocketStaysConnecting) {
    make(3, SOCK_STREAM | SOCK_NONBLOCK);
    EXPECT_EQ(connect(3, {own, 5005}), EINPROGRESS);
    EXPECT_EQ(connect(3, {own, 5005}), EALREADY);
    EXPECT_EQ(getsockopt(3, SOL_SOCKET, SO_ERROR, 4), 0);
    EXPECT_EQ(tracee_.get<int>(value_at), ECONNRESET);
    EXPECT_EQ(getsockopt(3, SOL_SOCKET, SO_ERROR, 4), -1) << "the kernel says 0";
    EXPECT_EQ(connect(3, {own, 5005}), EALREADY);
    set_blocking(3);
    EXPECT_EQ(connect(3, {own, 5005}), ETIMEDOUT);
    EXPECT_EQ(connect(3, {own, 5005}), ECONNRESET);
    EXPECT_EQ(getsockopt(3, SOL_SOCKET, SO_ERROR, 4), -1);
}

TEST_F(VsockCallsTest, ABlockingConnectTellsOfANonblockingRefusalAndTheNextOneStartsAnew) {
    make(3, SOCK_STREAM | SOCK_NONBLOCK);
    EXPECT_EQ(connect(3, {own, 5005}), EINPROGRESS);
    set_blocking(3);
    EXPECT_EQ(connect(3, {own, 5005}), ECONNRESET);
    EXPECT_EQ(getsockopt(3, SOL_SOCKET, SO_ERROR, 4), -1);
    ASSERT_EQ(bind(make(4), {own, 5005}), 0);
    listen(4);
    EXPECT_EQ(connect(3, {own, 5005}), 0);
}

TEST_F(VsockCallsTest, ANonblockingConnectionIsInProgressAndThenThere) {
    ASSERT_EQ(bind(make(3), {own, 5005}), 0);
    listen(3);
    EXPECT_EQ(connect(make(4, SOCK_STREAM | SOCK_NONBLOCK), {own, 5005}), EINPROGRESS);
    EXPECT_EQ(connect(4, {own, 5005}), EISCONN);
    EXPECT_EQ(getsockopt(4, SOL_SOCKET, SO_ERROR, 4), -1);
    EXPECT_EQ(name(SYS_getpeername, 4), (core::VsockAddress{own, 5005}));
}

TEST_F(VsockCallsTest, ASocketThatWasRefusedCanBeShutAndCanNotListen) {
    ASSERT_EQ(bind(make(3, SOCK_STREAM | SOCK_NONBLOCK), {own, 5006}), 0);
    EXPECT_EQ(connect(3, {own, 5005}), EINPROGRESS);
    EXPECT_EQ(outcome(call(SYS_listen, {3, 1})), EINVAL);
    EXPECT_EQ(outcome(call(SYS_shutdown, {3, SHUT_RDWR})), -1) << "the kernel says 0";
    EXPECT_EQ(connect(3, {own, 5005}), EINVAL);
    EXPECT_EQ(getsockopt(3, SOL_SOCKET, SO_ERROR, 4), 0);
    EXPECT_EQ(tracee_.get<int>(value_at), ECONNRESET);
}

TEST_F(VsockCallsTest, NamesOfClosedSocketsAreSwept) {
    ASSERT_EQ(bind(make(3), {own, 5005}), 0);
    EXPECT_FALSE(names_.sweep());
    sockets_.clear();
    EXPECT_TRUE(names_.sweep());
    EXPECT_FALSE(std::filesystem::exists(directory_.path() + "/world/16.5005"));
}

}  // namespace
}  // namespace glovebox::supervisor
