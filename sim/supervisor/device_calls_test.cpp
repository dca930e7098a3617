// SPDX-License-Identifier: Apache-2.0

#include "sim/supervisor/device_calls.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/openat2.h>
#include <linux/sockios.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <string>

#include "core/base/testing/temporary_directory.h"
#include "sim/supervisor/emulated_socket.h"
#include "sim/supervisor/testing/fake_tracee.h"

namespace glovebox::supervisor {
namespace {

using Kind = SyscallReply::Kind;
using Stat = struct stat;

constexpr std::uint64_t path_address = 0x1000;
constexpr std::uint64_t detail_address = 0x8000;

// On the parent's side, where /dev/vsock alone is.
class DeviceCallsTest : public ::testing::Test {
  protected:
    DeviceCallsTest() {
        link_ = folder_ + "/link";
        EXPECT_EQ(::symlink("/dev/vsock", link_.c_str()), 0);
    }

    SyscallReply call(int number, std::array<std::uint64_t, 6> arguments) {
        SystemCall call;
        call.thread = ::gettid();
        call.number = number;
        call.arguments = arguments;
        return calls_.answer(call, tracee_);
    }
    SyscallReply openat(const std::string& path, int flags) {
        tracee_.put_text(path_address, path);
        return call(SYS_openat, {static_cast<std::uint64_t>(AT_FDCWD), path_address,
                                 static_cast<std::uint64_t>(flags)});
    }

    testing::FakeTracee tracee_;
    DeviceCalls calls_{3, DeviceFolder::at("/dev", false), nullptr, nullptr};
    TemporaryDirectory temporary_;
    std::string folder_ = temporary_.path();
    std::string link_;
};

TEST_F(DeviceCallsTest, OpensTheDeviceAlsoThroughALink) {
    EXPECT_EQ(openat("/dev/vsock", O_RDONLY).kind(), Kind::install);
    EXPECT_EQ(openat(link_, O_RDONLY).kind(), Kind::install);
    const std::string second = folder_ + "/second";
    ASSERT_EQ(::symlink("link", second.c_str()), 0);
    EXPECT_EQ(openat(second, O_RDONLY).kind(), Kind::install);
    ASSERT_EQ(::symlink("loop", (folder_ + "/loop").c_str()), 0);
    EXPECT_EQ(openat(folder_ + "/loop", O_RDONLY).kind(), Kind::pass_through);
    EXPECT_EQ(openat(link_, O_RDONLY | O_NOFOLLOW).kind(), Kind::pass_through);
    for (const char* other : {"/dev/null", "/etc/hostname", "/absent/vsock"})
        EXPECT_EQ(openat(other, O_RDONLY).kind(), Kind::pass_through) << other;
}

#ifdef SYS_creat
TEST_F(DeviceCallsTest, CreatOpensTheDeviceAndMakesNoFile) {
    tracee_.put_text(path_address, link_);
    EXPECT_EQ(call(SYS_creat, {path_address, 0600}).kind(), Kind::install);
    tracee_.put_text(path_address, folder_ + "/vsock");
    EXPECT_EQ(call(SYS_creat, {path_address, 0600}).kind(), Kind::pass_through);
}
#endif

TEST_F(DeviceCallsTest, ARootThatIsAskedForIsThePathsOwn) {
    const UniqueFd folder(::open(folder_.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    tracee_.put_text(path_address, "/dev/vsock");
    open_how how{};
    const auto directory = static_cast<std::uint64_t>(folder.get());
    tracee_.put(detail_address, how);
    EXPECT_EQ(call(SYS_openat2, {directory, path_address, detail_address, sizeof how}).kind(),
              Kind::install);
    how.resolve = RESOLVE_IN_ROOT;
    tracee_.put(detail_address, how);
    EXPECT_EQ(call(SYS_openat2, {directory, path_address, detail_address, sizeof how}).kind(),
              Kind::pass_through);
}

TEST_F(DeviceCallsTest, AStatOfALinkItselfIsTheKernelsAffair) {
    tracee_.put_text(path_address, link_);
    tracee_.put(detail_address, Stat{});
    const auto stat = [&](int flags) {
        return call(SYS_newfstatat, {static_cast<std::uint64_t>(AT_FDCWD), path_address,
                                     detail_address, static_cast<std::uint64_t>(flags)})
            .kind();
    };
    EXPECT_EQ(stat(AT_SYMLINK_NOFOLLOW), Kind::pass_through);
    EXPECT_EQ(stat(0), Kind::value);
    EXPECT_TRUE(S_ISCHR(tracee_.get<struct stat>(detail_address).st_mode));
}

TEST_F(DeviceCallsTest, LinksAreFollowedFromARootOfItsOwnToo) {
    EXPECT_EQ(call(SYS_chroot, {path_address}).kind(), Kind::pass_through);
    EXPECT_EQ(openat(link_, O_RDONLY).kind(), Kind::install);
}

TEST_F(DeviceCallsTest, NoLinkIsWaitedForOnceAProgramMayServeAFileSystem) {
    EXPECT_EQ(openat("/dev/fuse", O_RDWR).kind(), Kind::pass_through);
    EXPECT_EQ(openat(link_, O_RDONLY).kind(), Kind::pass_through);
    EXPECT_EQ(openat("/dev/vsock", O_RDONLY).kind(), Kind::install);
}

// As Linux 6.1 answers a vsock.
TEST_F(DeviceCallsTest, AnEmulatedSocketHasTheIoctlsOfEverySocketAlone) {
    const UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const UniqueFd other(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    ASSERT_EQ(make_emulated(socket.get()), 0);
    tracee_.descriptors = {{5, socket.get()}, {6, other.get()}};
    constexpr std::uint64_t not_yet_sent = 0x894b;  // SIOCOUTQNSD
    constexpr std::uint64_t unix_file = 0x89e0;     // SIOCUNIXFILE
    for (const std::uint64_t number :
         {std::uint64_t{SIOCOUTQ}, std::uint64_t{SIOCINQ}, not_yet_sent, unix_file,
          std::uint64_t{SIOCATMARK}, std::uint64_t{SIOCGIFADDR}}) {
        const auto refused = call(SYS_ioctl, {5, number, detail_address});
        ASSERT_EQ(refused.kind(), Kind::error) << number;
        EXPECT_EQ(refused.errno_value(), EOPNOTSUPP);
        EXPECT_EQ(call(SYS_ioctl, {6, number, detail_address}).kind(), Kind::pass_through);
    }
    for (const std::uint64_t number : {SIOCGIFCONF, FIOGETOWN, SIOCGPGRP})
        EXPECT_EQ(call(SYS_ioctl, {5, number, detail_address}).kind(), Kind::pass_through);
}

TEST_F(DeviceCallsTest, TheLocalCidIsAskedOfTheDeviceAlone) {
    const UniqueFd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
    const auto device = open_device(DeviceFile::vsock, O_RDONLY);
    ASSERT_TRUE(device);
    tracee_.descriptors = {{5, device->get()}, {6, null.get()}};
    tracee_.put(detail_address, std::uint32_t{0});
    EXPECT_EQ(call(SYS_ioctl, {6, ioctl_get_local_cid, detail_address}).kind(), Kind::pass_through);
    EXPECT_EQ(call(SYS_ioctl, {5, ioctl_get_local_cid, detail_address}).kind(), Kind::value);
    EXPECT_EQ(tracee_.get<std::uint32_t>(detail_address), 3u);
    // In a sandbox the kernel opens its node, which is a /dev/null, by another name.
    DeviceCalls in_sandbox(16, DeviceFolder::at("/dev", true), nullptr, nullptr);
    SystemCall call;
    call.number = SYS_ioctl;
    call.arguments = {6, ioctl_get_local_cid, detail_address};
    EXPECT_EQ(in_sandbox.answer(call, tracee_).kind(), Kind::value);
    EXPECT_EQ(tracee_.get<std::uint32_t>(detail_address), 16u);
}

}  // namespace
}  // namespace glovebox::supervisor
