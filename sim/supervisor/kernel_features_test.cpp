// SPDX-License-Identifier: Apache-2.0

#include "sim/supervisor/kernel_features.h"

#include <gtest/gtest.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <set>

#include "core/testing/memory_log.h"
#include "sim/supervisor/testing/fake_tracee.h"

namespace glovebox::supervisor {
namespace {

using testing::FakeTracee;

class Features : public ::testing::Test {
  protected:
    // The errno value of the answer; 0 where the kernel has the word.
    int errno_of(int number, std::array<std::uint64_t, 6> arguments) {
        SystemCall call;
        call.number = number;
        call.arguments = arguments;
        const auto reply = features_.answer(call, tracee_);
        return reply ? reply->errno_value() : 0;
    }

    core::MemoryLog log_;
    Notices notices_{log_};
    KernelFeatures features_{notices_};
    FakeTracee tracee_;
};

TEST_F(Features, SocketsOfTheTableFailAndNoOthers) {
    for (const AbsentSocket& socket : absent_sockets()) {
        const auto family = static_cast<std::uint64_t>(socket.family);
        const auto protocol =
            static_cast<std::uint64_t>(socket.protocol == AbsentSocket::any ? 0 : socket.protocol);
        EXPECT_EQ(errno_of(SYS_socket, {family, SOCK_DGRAM | SOCK_CLOEXEC, protocol}),
                  socket.errno_value)
            << socket.option;
        EXPECT_EQ(errno_of(SYS_socket, {family, 11, protocol}), 0) << "the kernel says EINVAL";
    }
    EXPECT_EQ(errno_of(SYS_socket, {AF_NETLINK, SOCK_RAW, 0}), 0);
    EXPECT_EQ(errno_of(SYS_socket, {AF_INET, SOCK_STREAM, 6}), 0);
    EXPECT_EQ(errno_of(SYS_socket, {AF_INET6, SOCK_DGRAM, 0}), 0);
}

TEST_F(Features, TypesOfInternetSockets) {
    EXPECT_EQ(errno_of(SYS_socket, {AF_INET, SOCK_SEQPACKET, IPPROTO_SCTP}), ESOCKTNOSUPPORT);
    EXPECT_EQ(errno_of(SYS_socket, {AF_INET6, SOCK_DCCP, IPPROTO_DCCP}), ESOCKTNOSUPPORT);
    EXPECT_EQ(errno_of(SYS_socket, {AF_INET, SOCK_RAW, IPPROTO_SCTP}), 0)
        << "raw sockets have every protocol";
    EXPECT_EQ(errno_of(SYS_socket, {AF_NETLINK, SOCK_STREAM, NETLINK_NETFILTER}), 0)
        << "the kernel says ESOCKTNOSUPPORT";
}

TEST_F(Features, FileSystemsByNameAndByTheNameOfTheirPrograms) {
    tracee_.put_text(0x1000, "xfs");
    tracee_.put_text(0x2000, "fuse.sshfs");
    tracee_.put_text(0x3000, "tmpfs");
    EXPECT_EQ(errno_of(SYS_mount, {0, 0, 0x1000, 0, 0}), ENODEV);
    EXPECT_EQ(errno_of(SYS_mount, {0, 0, 0x2000, 0, 0}), ENODEV);
    EXPECT_EQ(errno_of(SYS_mount, {0, 0, 0x3000, 0, 0}), 0);
    EXPECT_EQ(errno_of(SYS_mount, {0, 0, 0x1000, MS_BIND, 0}), 0) << "the name is not looked at";
    EXPECT_EQ(errno_of(call_fsopen, {0x1000, 0}), ENODEV);
    EXPECT_EQ(errno_of(call_fsopen, {0x9000, 0}), 0) << "the kernel says EFAULT";
}

TEST_F(Features, OptionsOfTcp) {
    tracee_.put_text(0x1000, "bbr");
    tracee_.put_text(0x2000, "reno");
    tracee_.put_text(0x3000, "tls");
    const UniqueFd tcp(::socket(AF_INET, SOCK_STREAM, 0));
    tracee_.descriptors[3] = tcp.get();
    EXPECT_EQ(errno_of(SYS_setsockopt, {3, 6, TCP_CONGESTION, 0x1000, 3}), ENOENT);
    EXPECT_EQ(errno_of(SYS_setsockopt, {3, 6, TCP_CONGESTION, 0x2000, 4}), 0);
    EXPECT_EQ(errno_of(SYS_setsockopt, {3, 6, TCP_ULP, 0x3000, 4}), ENOENT);
    EXPECT_EQ(errno_of(SYS_setsockopt, {3, 6, TCP_NODELAY, 0x1000, 4}), 0);
}

TEST_F(Features, OptionsOfTcpAreForTheKernelWhereItRefusesThemAnyway) {
    tracee_.put_text(0x1000, "tls");
    for (const int family : {AF_UNIX, AF_INET}) {
        const UniqueFd other(::socket(family, SOCK_DGRAM, 0));
        tracee_.descriptors[3] = other.get();
        for (const int option : {TCP_ULP, TCP_CONGESTION})
            EXPECT_EQ(
                errno_of(SYS_setsockopt, {3, 6, static_cast<std::uint64_t>(option), 0x1000, 4}), 0)
                << "the kernel says ENOPROTOOPT or EOPNOTSUPP";
    }
    const UniqueFd tcp(::socket(AF_INET, SOCK_STREAM, 0));
    tracee_.descriptors[4] = tcp.get();
    EXPECT_EQ(errno_of(SYS_setsockopt, {4, 6, TCP_ULP, 0x1000, 4}), ENOENT);
    EXPECT_EQ(errno_of(SYS_setsockopt, {4, 6, TCP_ULP, 0x1000, 0}), 0) << "EINVAL";
    EXPECT_EQ(errno_of(SYS_setsockopt, {4, 6, TCP_ULP, 0x1000, ~0ull}), 0) << "EINVAL";
    EXPECT_EQ(errno_of(SYS_setsockopt, {4, 6, TCP_ULP, 0x9000, 4}), 0) << "EFAULT";
    EXPECT_EQ(errno_of(SYS_setsockopt, {5, 6, TCP_ULP, 0x1000, 4}), 0) << "EBADF";
}

TEST(AbsentFileSystems, StandInTheTableOnce) {
    const auto names = absent_file_systems();
    const std::set<std::string_view> unique(names.begin(), names.end());
    EXPECT_EQ(unique.size(), names.size());
}

}  // namespace
}  // namespace glovebox::supervisor
