// SPDX-License-Identifier: Apache-2.0

#include "sim/supervisor/sockaddr_vm.h"

#include <gtest/gtest.h>

#include <cerrno>

#include "sim/supervisor/testing/fake_tracee.h"

namespace glovebox::supervisor {
namespace {

using testing::length_at;

constexpr std::uint64_t at = 0x1000;

TEST(SockaddrVm, IsReadWhole) {
    testing::FakeTracee tracee;
    tracee.put(at, make_sockaddr_vm({16, 5005}));
    const auto given = read_address(tracee, at, sizeof(sockaddr_vm));
    ASSERT_TRUE(given);
    EXPECT_EQ(given->family, AF_VSOCK);
    EXPECT_TRUE(given->is_valid);
    EXPECT_EQ(given->address, (core::VsockAddress{16, 5005}));
}

TEST(SockaddrVm, IsNoneWhereAByteIsMissingOrAFlagIsUnknown) {
    testing::FakeTracee tracee;
    sockaddr_vm vm = make_sockaddr_vm({16, 5005});
    tracee.put(at, vm);
    EXPECT_FALSE(read_address(tracee, at, sizeof vm - 1)->is_valid);
    EXPECT_EQ(read_address(tracee, at, 1)->family, AF_UNSPEC);
    vm.svm_flags = VMADDR_FLAG_TO_HOST;
    tracee.put(at, vm);
    EXPECT_TRUE(read_address(tracee, at, sizeof vm)->is_valid);
    vm.svm_flags = 2;
    tracee.put(at, vm);
    EXPECT_FALSE(read_address(tracee, at, sizeof vm)->is_valid);
}

TEST(SockaddrVm, ALengthThatNoAddressHasIsEinvalAndABadPointerEfault) {
    testing::FakeTracee tracee;
    EXPECT_EQ(read_address(tracee, at, -1).error(), Errno{EINVAL});
    EXPECT_EQ(read_address(tracee, at, sizeof(sockaddr_storage) + 1).error(), Errno{EINVAL});
    EXPECT_EQ(read_address(tracee, at, sizeof(sockaddr_vm)).error(), Errno{EFAULT});
}

TEST(SockaddrVm, IsWrittenAsFarAsThereIsRoomAndItsLengthIsToldWhole) {
    testing::FakeTracee tracee;
    tracee.put(at, std::array<std::uint8_t, 16>{});
    tracee.put(length_at, 8);
    const auto room = read_room(tracee, at, length_at);
    ASSERT_TRUE(room);
    EXPECT_EQ(write_address(tracee, *room, {16, 5005}), 0);
    EXPECT_EQ(tracee.get<int>(length_at), 16);
    const auto written = tracee.get<sockaddr_vm>(at);
    EXPECT_EQ(written.svm_port, 5005u);
    EXPECT_EQ(written.svm_cid, 0u);  // beyond the room
    tracee.put(length_at, -1);
    EXPECT_EQ(read_room(tracee, at, length_at).error(), Errno{EINVAL});
}

}  // namespace
}  // namespace glovebox::supervisor
